package proofcode

import (
	"crypto/hmac"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// The face of a QR code.
const (
	HandleSize = 16 // bytes: 128 random bits that name the code
	SecretSize = 32 // bytes: what its faces are made with
	MACSize    = 10 // bytes: 80 bits
	Window     = 30 // seconds that a face is shown

	facePrefix  = "HZ1"
	faceTag     = "huzheng/v1/face\x00"
	handleChars = 26 // 128 bits
	macChars    = 16 // 80 bits
	maxWindow   = 1 << 40
)

// Face is what a QR code says at one moment. A photograph of it is of no use a minute later: its home region takes the face
// of the running window and of the one before it.
type Face struct {
	Province string
	Handle   [HandleSize]byte
	Window   int64 // number of the window: Unix seconds by Window
	MAC      [MACSize]byte
}

// WindowAt is the number of the window of a moment in Unix seconds.
func WindowAt(unix int64) int64 { return unix / Window }

// NewFace makes the face of a window. The secret is the code's own and never leaves its home.
func NewFace(suite attest.Suite, region string, handle [HandleSize]byte, secret [SecretSize]byte, window int64) (Face, error) {
	s, err := NewShort(region, [RandomSize]byte{})
	if err != nil {
		return Face{}, err
	}
	return Face{Province: s.Province, Handle: handle, Window: window, MAC: mac(suite, handle, secret, window)}, nil
}

// Region is the division code of the code's home.
func (f Face) Region() string { return f.Province + "0000" }

// Genuine reports whether the face was made with the secret.
func (f Face) Genuine(suite attest.Suite, secret [SecretSize]byte) bool {
	want := mac(suite, f.Handle, secret, f.Window)
	return hmac.Equal(want[:], f.MAC[:])
}

// Current reports whether the face is that of the window of now (Unix seconds), or of the one before.
func (f Face) Current(now int64) bool {
	return f.Window == WindowAt(now) || f.Window == WindowAt(now)-1
}

func mac(suite attest.Suite, handle [HandleSize]byte, secret [SecretSize]byte, window int64) (out [MACSize]byte) {
	h := hmac.New(suite.New, secret[:])
	message := append([]byte(faceTag), handle[:]...)
	h.Write(binary.BigEndian.AppendUint64(message, uint64(window))) //nolint:gosec // windows are not negative
	copy(out[:], h.Sum(nil))
	return out
}

// String is what the QR code holds: HZ1:44:handle:window:mac, all of it in a QR code's alphanumeric mode.
func (f Face) String() string {
	return strings.Join([]string{facePrefix, f.Province, encode(f.Handle[:], handleChars), strconv.FormatInt(f.Window, 10),
		encode(f.MAC[:], macChars)}, ":")
}

// ParseFace reads a face. There is one spelling of each. Error: PROOF_CODE_FORMAT.
func ParseFace(text string) (Face, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 5 || parts[0] != facePrefix {
		return Face{}, malformed("a code's face is %s and four parts", facePrefix)
	}
	f := Face{Province: parts[1]}
	if !isProvince(f.Province) {
		return Face{}, malformed("the face names no province")
	}
	var err error
	if f.Window, err = strconv.ParseInt(parts[3], 10, 64); err != nil || f.Window < 0 || f.Window > maxWindow {
		return Face{}, malformed("the face's window is no number")
	}
	if !decodeAll(parts[2], handleChars, f.Handle[:]) || !decodeAll(parts[4], macChars, f.MAC[:]) {
		return Face{}, malformed("the face's handle or proof cannot be read")
	}
	if f.String() != text {
		return Face{}, malformed("the face is not in its one spelling")
	}
	return f, nil
}

// IsFace tells a scanned face from a typed code.
func IsFace(text string) bool { return strings.HasPrefix(text, facePrefix+":") }
