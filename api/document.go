package api

import (
	"context"
	_ "embed" // openapi.yaml is part of the binary
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/huzheng-ledger/huzheng/internal/credentials"
)

//go:embed openapi.yaml
var documentYAML []byte

// OpenAPI returns openapi.yaml, the source of this package's types and routes.
func OpenAPI() []byte { return slices.Clone(documentYAML) }

// operation is what openapi.yaml says of one operation, as far as the server acts on it.
type operation struct {
	id        string
	method    string
	path      string // template as in openapi.yaml
	scopes    []credentials.Scope
	write     bool
	bodyLimit int64
	params    []*openapi3.Parameter
	bodies    map[string]*openapi3.Schema // by media type; empty: no body is taken
	alone     *openapi3.Schema            // of each item, where items are read alone
}

// takesBody reports whether requests have a body.
func (o *operation) takesBody() bool { return len(o.bodies) > 0 }

// loadDocument parses and checks the document once for each server; it shares no state with other servers.
func loadDocument() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(documentYAML)
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	return doc, nil
}

// loadOperations reads every operation of the document, by id.
func loadOperations() (map[string]*operation, error) {
	doc, err := loadDocument()
	if err != nil {
		return nil, err
	}
	operations := map[string]*operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o, err := newOperation(method, path, op)
			if err != nil {
				return nil, fmt.Errorf("api: openapi.yaml: %s %s: %w", method, path, err)
			}
			operations[o.id] = o
		}
	}
	return operations, nil
}

func newOperation(method, path string, op *openapi3.Operation) (*operation, error) {
	o := &operation{id: op.OperationID, method: method, path: path, bodies: map[string]*openapi3.Schema{}}
	var scopes []string
	var effect string
	if err := extension(op.Extensions, "x-scope", &scopes); err != nil {
		return nil, err
	}
	if err := extension(op.Extensions, "x-effect", &effect); err != nil {
		return nil, err
	}
	if err := extension(op.Extensions, "x-body-limit", &o.bodyLimit); err != nil {
		return nil, err
	}
	o.write = effect == "write"
	for _, s := range scopes {
		if !slices.Contains(credentials.Scopes(), credentials.Scope(s)) {
			return nil, fmt.Errorf("unknown scope %q", s)
		}
		o.scopes = append(o.scopes, credentials.Scope(s))
	}
	for _, p := range op.Parameters {
		o.params = append(o.params, p.Value)
	}
	return o, o.readBodies(op.RequestBody)
}

func (o *operation) readBodies(body *openapi3.RequestBodyRef) error {
	if body == nil {
		return nil
	}
	if o.bodyLimit <= 0 {
		return fmt.Errorf("x-body-limit is missing")
	}
	for mediaType, content := range body.Value.Content {
		schema := content.Schema.Value
		if mediaType == mimeJSON {
			schema = o.standAlone(schema)
		}
		o.bodies[mediaType] = schema
	}
	return nil
}

// standAlone takes the item schema out of an array that is marked x-alone: the request is then valid whatever its items
// are, and the handler validates them one by one.
func (o *operation) standAlone(schema *openapi3.Schema) *openapi3.Schema {
	for name, property := range schema.Properties {
		var alone bool
		if extension(property.Value.Extensions, "x-alone", &alone) != nil || !alone {
			continue
		}
		o.alone = property.Value.Items.Value
		array := *property.Value
		array.Items = openapi3.NewSchemaRef("", openapi3.NewSchema())
		loose := *schema
		loose.Properties = maps.Clone(schema.Properties)
		loose.Properties[name] = openapi3.NewSchemaRef("", &array)
		return &loose
	}
	return schema
}

// extension reads a member x-… of the document into dst, where there is one.
func extension(extensions map[string]any, name string, dst any) error {
	value, ok := extensions[name]
	if !ok {
		return nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
