package attest

import (
	"slices"
	"strconv"
)

// Fields reads the members of one object by name and type. The first error sticks: later reads return zero values, so
// that a caller reads everything and asks once, with Done. Not safe for concurrent use.
//
// Errors name the member by its path ("cnf/jwk/x") and never tell its value: JSON_MISSING_MEMBER, JSON_WRONG_TYPE,
// JSON_NUMBER_RANGE, JSON_UNKNOWN_MEMBER. A member that is null is a member of the wrong type, optional or not.
type Fields struct {
	object Value
	parent *Fields    // what it was opened through; nil for the root
	step   string     // its name in parent
	place  int        // its place in the array of that name, or -1
	asked  []uint32   // the nodes of the members that were asked for
	opened []*Fields  // objects inside this one that were opened through it
	first  *error     // shared by all that were opened from one root
	err    error      // of the root: where first points
	few    [8]uint32  // where asked begins, like two of opened: an object is one piece of memory
	inner  [2]*Fields // where opened begins
}

// Fields opens v, which must be an object; the error otherwise is the first error of what is returned.
func (v Value) Fields() *Fields {
	f := &Fields{place: -1}
	f.first = &f.err
	return f.over(v)
}

// over makes f read v.
func (f *Fields) over(v Value) *Fields {
	f.object, f.asked, f.opened = v, f.few[:0], f.inner[:0]
	if v.Kind() != JSONObject {
		f.Fail(CodeJSONType, "", "want an object, have "+v.Kind().String())
	}
	return f
}

// Fail records an error about the named member, unless there is an earlier one. It is for rules of the caller's own; an
// empty name means the object itself. The reason must not carry the value.
func (f *Fields) Fail(code Code, name, reason string) {
	if *f.first != nil {
		return
	}
	if path := f.at(name); path != "" {
		*f.first = Errorf(code, "%s: %s", path, reason)
		return
	}
	*f.first = Errorf(code, "%s", reason)
}

// at is the path of a member for an error text. Names can come from a stranger, so they are quoted and cut.
func (f *Fields) at(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest]
	}
	quoted := strconv.QuoteToGraphic(name)
	quoted = quoted[1 : len(quoted)-1]
	path := f.path()
	if path == "" || name == "" {
		return path + quoted
	}
	return path + "/" + quoted
}

// path is put together for an error only: most documents have none.
func (f *Fields) path() string {
	switch {
	case f.parent == nil:
		return ""
	case f.place < 0:
		return f.parent.at(f.step)
	}
	return f.parent.at(f.step) + "/" + strconv.Itoa(f.place)
}

// Err is the first error so far.
func (f *Fields) Err() error { return *f.first }

// Done is the first error so far, or JSON_UNKNOWN_MEMBER for the first member that was not asked for, in this object
// or in one that was opened through it.
func (f *Fields) Done() error {
	for name, v := range f.object.pairs {
		if !slices.Contains(f.asked, v.at) {
			f.Fail(CodeJSONUnknown, name.Str(), "unknown member")
			break
		}
	}
	for _, inner := range f.opened {
		if err := inner.Done(); err != nil {
			return err
		}
	}
	return *f.first
}

func (f *Fields) find(name string) (Value, bool) {
	v, ok := f.object.Get(name)
	if ok {
		f.asked = append(f.asked, v.at)
	}
	return v, ok && *f.first == nil
}

// take finds a member of a kind. One that is absent is an error where it is required.
func (f *Fields) take(name string, kind JSONKind, required bool) (Value, bool) {
	v, ok := f.find(name)
	switch {
	case !ok && required:
		f.Fail(CodeJSONMissing, name, "missing")
	case ok && v.Kind() != kind:
		f.Fail(CodeJSONType, name, "want "+kind.String()+", have "+v.Kind().String())
		return Value{}, false
	}
	return v, ok
}

func (f *Fields) takeInt64(name string, required bool) (int64, bool) {
	v, ok := f.take(name, JSONNumber, required)
	if !ok {
		return 0, false
	}
	n, err := v.Int64()
	if err != nil {
		f.Fail(CodeOf(err), name, "not an integer of 64 bits")
		return 0, false
	}
	return n, true
}

func (f *Fields) takeObject(name string, required bool) (*Fields, bool) {
	v, ok := f.take(name, JSONObject, required)
	if !ok {
		return &Fields{parent: f, step: name, place: -1, first: f.first}, false
	}
	return f.open(v, name, -1), true
}

func (f *Fields) open(v Value, step string, place int) *Fields {
	inner := &Fields{parent: f, step: step, place: place, first: f.first}
	f.opened = append(f.opened, inner)
	return inner.over(v)
}

func (f *Fields) takeObjects(name string, required bool) ([]*Fields, bool) {
	v, ok := f.take(name, JSONArray, required)
	if !ok {
		return nil, false
	}
	out := []*Fields{}
	for e := range v.each {
		out = append(out, f.open(e, name, len(out)))
	}
	return out, true
}

func (f *Fields) takeStrings(name string, required bool) ([]string, bool) {
	v, ok := f.take(name, JSONArray, required)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, v.count())
	for e := range v.each {
		if e.Kind() != JSONString {
			f.Fail(CodeJSONType, name, "want an array of strings, have "+e.Kind().String()+" in it")
			return nil, false
		}
		out = append(out, e.Str())
	}
	return out, true
}

// String reads a required string.
func (f *Fields) String(name string) string {
	v, _ := f.take(name, JSONString, true)
	return v.Str()
}

// OptString reads a string and tells whether it is there.
func (f *Fields) OptString(name string) (string, bool) {
	v, ok := f.take(name, JSONString, false)
	return v.Str(), ok
}

// Int64 reads a required integer, see Value.Int64.
func (f *Fields) Int64(name string) int64 {
	n, _ := f.takeInt64(name, true)
	return n
}

// OptInt64 reads an integer and tells whether it is there.
func (f *Fields) OptInt64(name string) (int64, bool) { return f.takeInt64(name, false) }

// Bool reads a required boolean.
func (f *Fields) Bool(name string) bool {
	v, _ := f.take(name, JSONBool, true)
	return v.BoolValue()
}

// OptBool reads a boolean and tells whether it is there.
func (f *Fields) OptBool(name string) (value, ok bool) {
	v, ok := f.take(name, JSONBool, false)
	return v.BoolValue(), ok
}

// Array reads a required array.
func (f *Fields) Array(name string) []Value {
	v, _ := f.take(name, JSONArray, true)
	return v.Elems()
}

// OptArray reads an array and tells whether it is there.
func (f *Fields) OptArray(name string) ([]Value, bool) {
	v, ok := f.take(name, JSONArray, false)
	return v.Elems(), ok
}

// Object opens a required object; it is never nil, its errors are f's, and Done covers it.
func (f *Fields) Object(name string) *Fields {
	inner, _ := f.takeObject(name, true)
	return inner
}

// OptObject opens an object and tells whether it is there; like Object it never returns nil.
func (f *Fields) OptObject(name string) (*Fields, bool) { return f.takeObject(name, false) }

// Objects opens every element of a required array of objects.
func (f *Fields) Objects(name string) []*Fields {
	inner, _ := f.takeObjects(name, true)
	return inner
}

// OptObjects opens every element of an array of objects and tells whether the array is there.
func (f *Fields) OptObjects(name string) ([]*Fields, bool) { return f.takeObjects(name, false) }

// Strings reads a required array of strings.
func (f *Fields) Strings(name string) []string {
	out, _ := f.takeStrings(name, true)
	return out
}

// OptStrings reads an array of strings and tells whether it is there.
func (f *Fields) OptStrings(name string) ([]string, bool) { return f.takeStrings(name, false) }

// Value reads a required member of any kind, null included.
func (f *Fields) Value(name string) Value {
	v, ok := f.find(name)
	if !ok {
		f.Fail(CodeJSONMissing, name, "missing")
	}
	return v
}

// OptValue reads a member of any kind, null included, and tells whether it is there.
func (f *Fields) OptValue(name string) (Value, bool) { return f.find(name) }
