package notary

import (
	"bytes"
	"errors"
	"strconv"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/huzheng-ledger/huzheng/attest"
)

// schemaCache keeps the compiled schema of every type version that was issued. A registered version never changes.
type schemaCache struct {
	mu      sync.Mutex
	byType  map[string]*jsonschema.Schema
	refused map[string]error
}

// get compiles a type's schema once. Error: SCHEMA_INVALID.
func (c *schemaCache) get(t *attest.CertificateType) (*jsonschema.Schema, error) {
	key := t.Code + ":" + strconv.Itoa(t.Version)
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.byType[key]; ok {
		return s, c.refused[key]
	}
	s, err := compile(t.Schema)
	if c.byType == nil {
		c.byType, c.refused = map[string]*jsonschema.Schema{}, map[string]error{}
	}
	c.byType[key], c.refused[key] = s, err
	return s, err
}

// compile reads a JSON Schema 2020-12. It refuses references to anything outside of itself: a schema comes from the
// ledger and must not make a gateway fetch or open what it names.
func compile(schema []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, attest.Errorf(attest.CodeSchema, "the type's schema is not JSON")
	}
	const name = "urn:huzheng:schema"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource(name, doc); err != nil {
		return nil, attest.Errorf(attest.CodeSchema, "the type's schema cannot be read")
	}
	s, err := c.Compile(name)
	if err != nil {
		return nil, attest.Errorf(attest.CodeSchema, "the type's schema is not a JSON Schema 2020-12 that stands alone")
	}
	return s, nil
}

// CheckSchema tells whether a certificate type's schema can be used here: SCHEMA_INVALID.
func CheckSchema(schema []byte) error {
	_, err := compile(schema)
	return err
}

// validate checks the fields against the schema and names the first field at fault, never its value.
func validate(s *jsonschema.Schema, fields map[string]any) error {
	err := s.Validate(fields)
	var v *jsonschema.ValidationError
	if err == nil {
		return nil
	}
	if !errors.As(err, &v) {
		return attest.Errorf(attest.CodeSchema, "the type's schema cannot be applied")
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	if len(v.InstanceLocation) > 0 {
		return refuse(v.InstanceLocation[0], attest.CodeFieldInvalid, "the value is not what the type's schema asks for ("+keyword(v)+")")
	}
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		return refuse(k.Missing[0], attest.CodeFieldMissing, "the type's schema asks for this field")
	case *kind.AdditionalProperties:
		return refuse(k.Properties[0], attest.CodeFieldUnknown, "the type's schema does not have this field")
	}
	return attest.Errorf(attest.CodeFieldInvalid, "the fields together are not what the type's schema asks for (%s)", keyword(v))
}

// keyword is the schema's word that refused, such as pattern or maxLength.
func keyword(v *jsonschema.ValidationError) string {
	path := v.ErrorKind.KeywordPath()
	if len(path) == 0 {
		return "schema"
	}
	return path[len(path)-1]
}
