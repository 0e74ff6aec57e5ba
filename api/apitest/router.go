package apitest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// router finds the operation of a request by the document alone, independently of the server under test.
type router struct{ doc *openapi3.T }

func newRouter(doc *openapi3.T) *router { return &router{doc} }

// find returns nil where no operation describes the request. A literal segment goes before a parameter.
func (r *router) find(request *http.Request) (*routers.Route, map[string]string) {
	segments := strings.Split(request.URL.EscapedPath(), "/")
	var found *routers.Route
	var params map[string]string
	for template, item := range r.doc.Paths.Map() {
		operation := item.GetOperation(request.Method)
		values, ok := match(strings.Split(template, "/"), segments)
		if operation == nil || !ok || found != nil && len(params) <= len(values) {
			continue
		}
		found = &routers.Route{Spec: r.doc, Path: template, PathItem: item, Method: request.Method, Operation: operation}
		params = values
	}
	return found, params
}

func match(template, segments []string) (map[string]string, bool) {
	if len(template) != len(segments) {
		return nil, false
	}
	values := map[string]string{}
	for i, want := range template {
		if !strings.HasPrefix(want, "{") {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		values[strings.Trim(want, "{}")] = value
	}
	return values, true
}
