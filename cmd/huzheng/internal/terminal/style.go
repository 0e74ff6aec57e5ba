package terminal

// Style is a colour or weight (ECMA-48, 8.3.117).
type Style string

// The styles in use. A colour never carries a meaning alone: the word beside it says the same.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
)

// Palette applies styles where Colour is on, and leaves text alone where it is off.
type Palette struct{ Colour bool }

// Apply puts s in a style. Measure s before: the escape sequences have no width, but they are characters.
func (p Palette) Apply(style Style, s string) string {
	if !p.Colour || style == Plain || s == "" {
		return s
	}
	return "\x1b[" + string(style) + "m" + s + "\x1b[0m"
}

// WantsColour decides from the environment whether a terminal is to be coloured: NO_COLOR (no-color.org) and TERM=dumb
// say no. It does not ask whether there is a terminal.
func WantsColour(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
