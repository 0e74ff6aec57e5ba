package portable

// Base45 and FromBase45 are for tests that make texts by hand.
func Base45(data []byte) []byte { return appendBase45(nil, data) }

// FromBase45 is the way back.
func FromBase45(text []byte) ([]byte, error) { return decodeBase45(text) }

// Dictionary is the preset dictionary.
const Dictionary = dictionary

// SplitInto splits into n parts, whatever they hold.
func SplitInto(text string, n int) ([]string, error) {
	frame, err := frameOf([]byte(text))
	if err != nil {
		return nil, err
	}
	return split(frame, n)
}

// MaxFrame is the largest frame that Split cuts into n parts.
func MaxFrame(n int) int { return n * partBytes }
