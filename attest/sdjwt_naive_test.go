package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm3"
)

// This file is a second implementation of RFC 9901, 7.1, step 3 to 5, that shares no code with the first: it works on
// map[string]any from encoding/json, repeats until nothing changes, and cares for nothing but being easy to follow.

type naiveDisclosure struct {
	digest string
	parts  []any
	used   int
}

type naiveRun struct {
	hash        func([]byte) string
	disclosures []*naiveDisclosure
	met         map[string]int
}

var errNaive = errors.New("refused")

// naiveProcess returns the processed payload of an SD-JWT without key binding.
func naiveProcess(sdjwt string) (out map[string]any, err error) {
	parts := strings.Split(sdjwt, "~")
	if len(parts) < 2 || parts[len(parts)-1] != "" {
		return nil, fmt.Errorf("%w: tildes", errNaive)
	}
	jwt := strings.Split(parts[0], ".")
	if len(jwt) != 3 {
		return nil, fmt.Errorf("%w: JWT", errNaive)
	}
	payload, err := naiveDecode(jwt[1])
	if err != nil {
		return nil, err
	}
	out, ok := payload.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: payload", errNaive)
	}
	run := naiveRun{met: map[string]int{}}
	if run.hash, err = naiveHash(out); err != nil {
		return nil, err
	}
	delete(out, "_sd_alg")
	for _, encoded := range parts[1 : len(parts)-1] {
		d, err := run.disclosure(encoded)
		if err != nil {
			return nil, err
		}
		run.disclosures = append(run.disclosures, d)
	}
	result, err := run.resolve(out)
	if err != nil {
		return nil, err
	}
	return result.(map[string]any), run.finish()
}

func naiveHash(payload map[string]any) (func([]byte) string, error) {
	enc := base64.RawURLEncoding
	switch alg, there := payload["_sd_alg"]; {
	case !there || alg == "sha-256":
		return func(b []byte) string { s := sha256.Sum256(b); return enc.EncodeToString(s[:]) }, nil
	case alg == "sm3":
		return func(b []byte) string { s := sm3.Sum(b); return enc.EncodeToString(s[:]) }, nil
	}
	return nil, fmt.Errorf("%w: hash", errNaive)
}

func (run *naiveRun) disclosure(encoded string) (*naiveDisclosure, error) {
	v, err := naiveDecode(encoded)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok || len(list) < 2 || len(list) > 3 {
		return nil, fmt.Errorf("%w: disclosure", errNaive)
	}
	for _, text := range list[:len(list)-1] {
		if _, ok := text.(string); !ok {
			return nil, fmt.Errorf("%w: salt or name", errNaive)
		}
	}
	return &naiveDisclosure{digest: run.hash([]byte(encoded)), parts: list}, nil
}

// lookUp counts a digest and returns its disclosure or nil.
func (run *naiveRun) lookUp(digest any) (*naiveDisclosure, error) {
	text, ok := digest.(string)
	if !ok {
		return nil, fmt.Errorf("%w: digest", errNaive)
	}
	run.met[text]++
	if run.met[text] > 1 {
		return nil, fmt.Errorf("%w: digest twice", errNaive)
	}
	for _, d := range run.disclosures {
		if d.digest == text {
			d.used++
			return d, nil
		}
	}
	return nil, nil
}

func (run *naiveRun) resolve(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return run.resolveObject(v)
	case []any:
		return run.resolveArray(v)
	}
	return v, nil
}

func (run *naiveRun) resolveObject(object map[string]any) (any, error) {
	out := map[string]any{}
	for name, value := range object {
		if name == "_sd" {
			continue
		}
		if name == "..." || name == "_sd_alg" {
			return nil, fmt.Errorf("%w: reserved", errNaive)
		}
		resolved, err := run.resolve(value)
		if err != nil {
			return nil, err
		}
		out[name] = resolved
	}
	if digests, there := object["_sd"]; there {
		return out, run.insertAll(out, digests)
	}
	return out, nil
}

func (run *naiveRun) insertAll(out map[string]any, digests any) error {
	list, ok := digests.([]any)
	if !ok {
		return fmt.Errorf("%w: _sd", errNaive)
	}
	for _, digest := range list {
		d, err := run.lookUp(digest)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if err := run.insert(out, d); err != nil {
			return err
		}
	}
	return nil
}

func (run *naiveRun) insert(out map[string]any, d *naiveDisclosure) error {
	if len(d.parts) != 3 {
		return fmt.Errorf("%w: array disclosure in object", errNaive)
	}
	name := d.parts[1].(string)
	if _, there := out[name]; there || name == "_sd" || name == "..." || name == "_sd_alg" {
		return fmt.Errorf("%w: name", errNaive)
	}
	resolved, err := run.resolve(d.parts[2])
	out[name] = resolved
	return err
}

func (run *naiveRun) resolveArray(list []any) (any, error) {
	out := []any{}
	for _, e := range list {
		object, ok := e.(map[string]any)
		digest, there := object["..."]
		if !ok || !there || len(object) != 1 {
			resolved, err := run.resolve(e)
			if err != nil {
				return nil, err
			}
			out = append(out, resolved)
			continue
		}
		d, err := run.lookUp(digest)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		if len(d.parts) != 2 {
			return nil, fmt.Errorf("%w: object disclosure in array", errNaive)
		}
		resolved, err := run.resolve(d.parts[1])
		if err != nil {
			return nil, err
		}
		out = append(out, resolved)
	}
	return out, nil
}

func (run *naiveRun) finish() error {
	for _, d := range run.disclosures {
		if d.used != 1 {
			return fmt.Errorf("%w: unreferenced", errNaive)
		}
	}
	return nil
}

// naiveDecode reads canonical base64url of strict JSON, with the checks that encoding/json lacks put around it.
func naiveDecode(encoded string) (any, error) {
	data, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != encoded {
		return nil, fmt.Errorf("%w: base64", errNaive)
	}
	if !json.Valid(data) || !utf8.Valid(data) || naiveLoneSurrogate(data) {
		return nil, fmt.Errorf("%w: JSON", errNaive)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := naiveValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: trailing", errNaive)
	}
	return v, nil
}

// naiveLoneSurrogate finds escapes of surrogates that are left once all pairs are struck out.
func naiveLoneSurrogate(data []byte) bool {
	text := regexp.MustCompile(`\\\\`).ReplaceAllString(string(data), "..")
	text = regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}`).ReplaceAllString(text, "")
	return regexp.MustCompile(`(?i)\\ud[89a-f][0-9a-f]{2}`).MatchString(text)
}

// naiveValue builds a value from tokens, as Unmarshal would let the last of two members win.
func naiveValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return naiveObject(d)
	case json.Delim('['):
		return naiveArray(d)
	}
	return token, nil
}

func naiveObject(d *json.Decoder) (any, error) {
	out := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		if _, there := out[name.(string)]; there {
			return nil, fmt.Errorf("%w: duplicate", errNaive)
		}
		if out[name.(string)], err = naiveValue(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return out, err
}

func naiveArray(d *json.Decoder) (any, error) {
	out := []any{}
	for d.More() {
		v, err := naiveValue(d)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	return out, err
}

// agree compares both implementations on one document: whether it stands, and what it says. The second one knows no
// limits and looks at no header, so what is over a limit counts as refused by both, and headers must be sound.
func agree(raw []byte) (accepted bool, err error) {
	var claims *Claims
	p, ours := ParseSDJWT(raw, Limits{})
	if ours == nil {
		claims, ours = p.Process()
	}
	switch CodeOf(ours) {
	case CodeJSONDepth, CodeJSONSize, CodeSDJWTSize:
		return false, nil
	}
	want, theirs := naiveProcess(string(raw))
	switch {
	case (ours == nil) != (theirs == nil):
		return false, fmt.Errorf("ours: %v, naive: %v", ours, theirs) //nolint:errorlint // both are told, neither is wrapped
	case ours != nil:
		return false, nil
	case !reflect.DeepEqual(anyOf(claims.Root()), any(want)):
		return false, fmt.Errorf("ours %s, naive %v", claims.JSON(), want)
	}
	return true, nil
}
