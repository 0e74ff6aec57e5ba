package builder

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// digestFile is the package's file with the SHA-256 of the server's program.
const digestFile = "program.sha256"

// maxMember is more than any file of such a package holds, in bytes.
const maxMember = 1 << 20

// Package makes the chaincode package that a region installs on its peer: label, connection, and the SHA-256 of the server's
// program in hexadecimal, so that the package's own hash, which every region can compare, changes with the program. The same
// arguments give the same bytes.
func Package(label string, c Connection, digest string) ([]byte, error) {
	connection, err := json.Marshal(c) //nolint:gosec // a package's connection holds no key
	if err != nil {
		return nil, err
	}
	code, err := archive(map[string][]byte{connectionFile: connection, digestFile: []byte(digest + "\n")})
	if err != nil {
		return nil, err
	}
	metadata, err := json.Marshal(map[string]string{"type": Type, "label": label})
	if err != nil {
		return nil, err
	}
	return archive(map[string][]byte{"metadata.json": metadata, "code.tar.gz": code})
}

// archive packs files, in the order of their names and without times, as a .tar.gz.
func archive(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	pack := tar.NewWriter(zip)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := pack.WriteHeader(&tar.Header{Name: name, Size: int64(len(files[name])), Mode: 0o644}); err != nil {
			return nil, err
		}
		if _, err := pack.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := pack.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Digest reads the SHA-256 of the server's program out of a package.
func Digest(pkg []byte) (string, error) {
	code, err := member(pkg, "code.tar.gz")
	if err != nil {
		return "", err
	}
	digest, err := member(code, digestFile)
	return strings.TrimSpace(string(digest)), err
}

// member reads one file of a .tar.gz.
func member(packed []byte, name string) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(zip); ; {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("%s in the package: %w", name, err)
		}
		if header.Name == name {
			return io.ReadAll(io.LimitReader(files, maxMember))
		}
	}
}
