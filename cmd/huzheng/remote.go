package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/access"
)

// keyEnv may hold the API key, so that it stands in no shell history and no list of processes.
const keyEnv = "HUZHENG_API_KEY"

// remoteFlags say which gateway to ask.
type remoteFlags struct {
	url, key string
	timeout  time.Duration
}

func (f *remoteFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "api", "", "网关地址，如 https://gw.example · base URL of the gateway")
	c.Flags().StringVar(&f.key, "key", "", "API 密钥，或 @文件；默认取环境变量 "+keyEnv+" · API key, or @file")
	c.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "每次请求的时限 · time for each request")
}

// open makes the client. A key goes over TLS or to this machine, never in the clear over a network.
func (f *remoteFlags) open(getenv func(string) string) (*client.ClientWithResponses, error) {
	base, err := url.Parse(f.url)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, usagef("--api is a URL such as https://gw.example or http://127.0.0.1:8440")
	}
	if base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, usagef("--api over http is for this machine only; use https")
	}
	key, err := readKey(f.key, getenv)
	if err != nil {
		return nil, err
	}
	return access.New(f.url, key, &http.Client{
		Timeout:       f.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func readKey(key string, getenv func(string) string) (string, error) {
	name, ok := strings.CutPrefix(key, "@")
	switch {
	case key == "":
		return getenv(keyEnv), nil
	case !ok:
		return key, nil
	}
	text, err := os.ReadFile(name) //nolint:gosec // the operator's own file
	if err != nil {
		return "", usagef("--key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// answer tells what became of a request: nil where it was answered with what it asked for.
func answer(err error, response *http.Response, problem *client.Problem, body []byte) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		var network net.Error
		var address *url.Error
		if errors.As(err, &network) || errors.As(err, &address) || errors.Is(err, io.ErrUnexpectedEOF) {
			return &unreachableError{err}
		}
		return err
	case problem != nil:
		return &problemError{problem}
	case response.StatusCode >= http.StatusBadRequest || response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusMultipleChoices:
		return &unreachableError{fmt.Errorf("the answer is no gateway's: status %d, %d bytes", response.StatusCode, len(body))}
	}
	return nil
}

// reply is any of the client's responses.
type reply interface {
	StatusCode() int
	GetBody() []byte
	GetApplicationProblemJSONDefault() *client.Problem
}

// settled is answer for a response of the client, which is nil where err is not.
func settled(res reply, err error) error {
	if err != nil {
		return answer(err, nil, nil, nil)
	}
	return answer(nil, &http.Response{StatusCode: res.StatusCode()}, res.GetApplicationProblemJSONDefault(), res.GetBody())
}

// problemError is a gateway's refusal.
type problemError struct{ problem *client.Problem }

func (e *problemError) Error() string {
	text := e.problem.Title
	if e.problem.Detail != "" {
		text += ": " + e.problem.Detail
	}
	for i, item := range e.problem.Errors {
		if i == 8 {
			text += fmt.Sprintf("; and %d more", len(e.problem.Errors)-i)
			break
		}
		text += "; " + item.Pointer + " " + item.Code + " " + item.Detail
	}
	return text
}

// Unwrap gives the refusal's code, so that it is told apart like any other.
func (e *problemError) Unwrap() error {
	return &attest.Error{Code: attest.Code(e.problem.Code), Detail: e.Error()}
}
