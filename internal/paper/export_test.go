package paper

// ColourProfile is what a document says of its colours.
func ColourProfile() []byte { return colourProfile() }
