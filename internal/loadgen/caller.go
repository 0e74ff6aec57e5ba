package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// Caller posts JSON to one URL over one connection, which it opens when it is first needed and again after an error. For one goroutine.
type Caller struct {
	broken error // of the URL
	host   string
	head   []byte // of every request, up to its length
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
	answer bytes.Buffer
}

// New makes a caller of an http URL with a bearer token. Of any other URL every Post fails.
func New(address, token string) *Caller {
	u, err := url.Parse(address)
	if err == nil && (u.Scheme != "http" || u.Host == "") {
		err = fmt.Errorf("loadgen: %q is not an http URL", address)
	}
	if err != nil {
		return &Caller{broken: err}
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: ",
		u.RequestURI(), u.Host, token)
	return &Caller{host: u.Host, head: []byte(head)}
}

// Post sends a body and gives the answer's status and body, which lives until the next Post. It waits until ctx's deadline, not for
// its end.
func (c *Caller) Post(ctx context.Context, body []byte) (status int, answer []byte, err error) {
	if err = c.broken; err == nil {
		err = ctx.Err()
	}
	if err == nil && c.conn == nil {
		err = c.dial(ctx)
	}
	if err == nil {
		status, err = c.exchange(ctx, body)
	}
	if err != nil {
		c.Close()
		return 0, nil, err
	}
	return status, c.answer.Bytes(), nil
}

func (c *Caller) dial(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.host)
	if err != nil {
		return err
	}
	c.conn, c.in = conn, bufio.NewReaderSize(conn, 16<<10)
	return nil
}

func (c *Caller) exchange(ctx context.Context, body []byte) (status int, err error) {
	deadline, _ := ctx.Deadline()
	if err := c.conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	c.out = append(strconv.AppendInt(append(c.out[:0], c.head...), int64(len(body)), 10), "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	c.answer.Reset()
	_, err = c.answer.ReadFrom(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return 0, err
	}
	if res.Close {
		c.Close()
	}
	return res.StatusCode, nil
}

// Close gives the connection back.
func (c *Caller) Close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is under way
		c.conn = nil
	}
}
