package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// ItemError is one place of a request that is wrong.
type ItemError struct {
	Pointer string // RFC 6901 into the request's JSON, or a parameter's name
	Err     error  // an *attest.Error
}

// ItemErrors refuses a request for the places that are wrong in it; the first one's code is that of the whole.
type ItemErrors []ItemError

// Error names the first place and how many there are.
func (e ItemErrors) Error() string {
	if len(e) == 0 {
		return string(attest.CodeInternal) + ": no item is wrong"
	}
	return fmt.Sprintf("%v (%s, of %d)", e[0].Err, e[0].Pointer, len(e))
}

// Unwrap returns the first error, so that attest.CodeOf finds its code.
func (e ItemErrors) Unwrap() error {
	if len(e) == 0 {
		return nil
	}
	return e[0].Err
}

// maxItemErrors bounds what one answer lists.
const maxItemErrors = 100

// validateParams checks path, query and header parameters. The router has matched the path and unescaped its values.
func (o *operation) validateParams(c echo.Context) error {
	if len(o.params) == 0 {
		return nil
	}
	input := &openapi3filter.RequestValidationInput{
		Request: c.Request(), QueryParams: c.QueryParams(), Route: &routers.Route{Spec: &openapi3.T{}},
		PathParams: make(map[string]string, len(c.ParamNames())),
	}
	for i, name := range c.ParamNames() {
		input.PathParams[name] = c.ParamValues()[i]
	}
	var items ItemErrors
	for _, p := range o.params {
		if err := openapi3filter.ValidateParameter(c.Request().Context(), input, p); err != nil {
			items = append(items, ItemError{Pointer: p.Name, Err: paramError(p, err)})
		}
	}
	if len(items) > 0 {
		return items
	}
	return nil
}

func paramError(p *openapi3.Parameter, err error) error {
	rule := "format"
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &schema):
		rule = schema.SchemaField
	case errors.Is(err, openapi3filter.ErrInvalidRequired), errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		rule = "required"
	}
	code, detail := describe(rule, p.Schema.Value)
	return attest.Errorf(codeFor(p.Extensions, rule, code), "%s", detail)
}

// validateBody checks a parsed body against its schema. It names places and rules and never repeats what was sent.
func validateBody(schema *openapi3.Schema, value any) error {
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest())
	if err == nil {
		return nil
	}
	var items ItemErrors
	collect(err, &items)
	return items
}

func collect(err error, items *ItemErrors) {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case len(*items) >= maxItemErrors:
	case errors.As(err, &many):
		for _, e := range many {
			collect(e, items)
		}
	case errors.As(err, &one):
		*items = append(*items, schemaError(one))
	default:
		*items = append(*items, ItemError{Err: attest.Errorf(attest.CodeFieldInvalid, "does not fit the schema")})
	}
}

func schemaError(e *openapi3.SchemaError) ItemError {
	path := e.JSONPointer()
	schema := e.Schema
	if e.SchemaField == "required" && len(path) > 0 { // the schema is then the object's, the path the missing member's
		if member := schema.Properties[path[len(path)-1]]; member != nil {
			schema = member.Value
		}
	}
	rule := e.SchemaField
	if rule == "properties" { // a member that the schema does not know; its name is the client's own and stays out
		rule = "additionalProperties"
		path = path[:max(0, len(path)-1)]
	}
	code, detail := describe(rule, schema)
	return ItemError{Pointer: pointer(path), Err: attest.Errorf(codeFor(schema.Extensions, rule, code), "%s", detail)}
}

// codeFor prefers the code that the document gives a broken rule in x-code.
func codeFor(extensions map[string]any, rule string, otherwise attest.Code) attest.Code {
	var codes map[string]attest.Code
	if extension(extensions, "x-code", &codes) == nil && codes[rule] != "" {
		return codes[rule]
	}
	return otherwise
}

// describe says in words which rule of the schema is broken.
func describe(rule string, s *openapi3.Schema) (attest.Code, string) {
	switch rule {
	case "required":
		return attest.CodeJSONMissing, "is missing"
	case "additionalProperties":
		return attest.CodeJSONUnknown, "has a member that is not known"
	case "type", "nullable":
		return attest.CodeJSONType, "is not of the type " + strings.Join(s.Type.Slice(), " or ")
	case "enum":
		return attest.CodeFieldInvalid, "is not one of the values allowed"
	case "pattern":
		return attest.CodeFieldInvalid, "does not match " + s.Pattern
	case "minLength":
		return attest.CodeFieldInvalid, "has fewer than " + strconv.FormatUint(s.MinLength, 10) + " characters"
	case "maxLength", "maxItems", "maxProperties":
		return attest.CodeFieldInvalid, "is longer than allowed (" + rule + ")"
	case "minItems", "minProperties":
		return attest.CodeFieldInvalid, "is shorter than allowed (" + rule + ")"
	default:
		return attest.CodeFieldInvalid, "breaks the rule " + rule
	}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(p))
	}
	return b.String()
}

// plain turns a strictly parsed value into what the schema's validator takes.
func plain(v attest.Value) any {
	switch v.Kind() {
	case attest.JSONString:
		return v.Str()
	case attest.JSONNumber:
		n, _ := strconv.ParseFloat(string(v.Raw()), 64)
		return n
	case attest.JSONBool:
		return v.BoolValue()
	case attest.JSONArray:
		elems := v.Elems()
		list := make([]any, len(elems))
		for i := range elems {
			list[i] = plain(elems[i])
		}
		return list
	case attest.JSONObject:
		members := v.Members()
		object := make(map[string]any, len(members))
		for i := range members {
			object[members[i].Name] = plain(members[i].Value)
		}
		return object
	default:
		return nil
	}
}
