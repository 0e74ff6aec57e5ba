package api

import "slices"

// Routes lists what the router knows, "METHOD /path/:param", for the test that holds it against openapi.yaml.
func Routes(s *Server) []string {
	var list []string
	for _, r := range s.echo.Routes() {
		list = append(list, r.Method+" "+r.Path)
	}
	slices.Sort(list)
	return list
}

// ProblemClasses gives the status that each code is answered with.
func ProblemClasses() map[string]int {
	statuses := map[string]int{}
	for _, c := range problemClasses() {
		for _, code := range c.codes {
			statuses[string(code)] += c.status // a code in two classes shows as an impossible status
		}
	}
	return statuses
}

// Validator returns the strict parser and schema check of an operation's JSON body, for its benchmark.
func Validator(s *Server, operation string) func(body []byte) error {
	op := s.operations[operation]
	return func(body []byte) error { return (&call{op: op, body: body}).parse(op.bodies[mimeJSON]) }
}

// SetBodyLimit lowers an operation's limit, so that a test need not send all that the document allows.
func SetBodyLimit(s *Server, operation string, bytes int64) {
	s.operations[operation].bodyLimit = bytes
}
