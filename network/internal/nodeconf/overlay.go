package nodeconf

import (
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// tree is a YAML document.
type tree map[string]any

// load reads one of the release's own files of defaults.
func load(path string) (tree, error) {
	data, err := os.ReadFile(path) //nolint:gosec // a file of the program cache
	if err != nil {
		return nil, err
	}
	var t tree
	if err := yaml.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// set gives the member at a dotted path a value, making the members above it where they are absent.
func (t tree) set(path string, value any) {
	names := strings.Split(path, ".")
	at := map[string]any(t)
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	at[names[len(names)-1]] = value
}

// overlay sets every member of changes and writes the document.
func (t tree) overlay(changes map[string]any) ([]byte, error) {
	for path, value := range changes {
		t.set(path, value)
	}
	return yaml.Marshal(map[string]any(t))
}
