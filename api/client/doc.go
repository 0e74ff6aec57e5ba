// Package client is a Go client of the gateway's API for integrators, generated from openapi.yaml. It links no server.
//
//	c, err := client.NewClientWithResponses("https://gw.440000.example", client.WithRequestEditorFn(
//		func(_ context.Context, r *http.Request) error {
//			r.Header.Set("Authorization", "Bearer "+key)
//			return nil
//		}))
//	res, err := c.VerifyWithResponse(ctx, client.VerificationRequest{…})
//	// res.JSON200 is the verdict; res.ApplicationProblemJSONDefault says why there is none.
package client

//go:generate oapi-codegen -config client.cfg.yaml ../openapi.yaml
