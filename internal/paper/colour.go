package paper

import (
	"bytes"
	"encoding/binary"
	"math"
)

// colourProfile is sRGB (IEC 61966-2-1) as a matrix profile of ICC.1:2001-04 (version 2.1), which PDF/A allows. It is computed from
// the standard's numbers: primaries and white adapted to D50, and the transfer curve.
func colourProfile() []byte {
	var curve bytes.Buffer
	curve.WriteString("curv\x00\x00\x00\x00")
	const steps = 1024
	put(&curve, uint32(steps))
	for i := range steps {
		put(&curve, uint16(math.Round(65535*linear(float64(i)/(steps-1)))))
	}
	description := "sRGB IEC61966-2.1\x00"
	var desc bytes.Buffer
	desc.WriteString("desc\x00\x00\x00\x00")
	put(&desc, uint32(len(description))) //nolint:gosec // a constant's
	desc.WriteString(description)
	desc.Write(make([]byte, 4+4+2+1+67)) // no description in other scripts
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", desc.Bytes()}, {"cprt", []byte("text\x00\x00\x00\x00No rights reserved\x00")},
		{"wtpt", xyz(0.9642, 1, 0.8249)}, {"rXYZ", xyz(0.43607, 0.22249, 0.01392)}, {"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)}, {"rTRC", curve.Bytes()}, {"gTRC", nil}, {"bTRC", nil}, // the same curve
	}
	var table, body bytes.Buffer
	put(&table, uint32(len(tags))) //nolint:gosec // nine
	first := 128 + 4 + 12*len(tags)
	at, size := 0, 0
	for _, t := range tags {
		if t.data != nil {
			at, size = first+body.Len(), len(t.data)
			body.Write(t.data)
			body.Write(make([]byte, -size&3)) // to a multiple of four
		}
		table.WriteString(t.name)
		put(&table, [2]uint32{uint32(at), uint32(size)})
	}
	return append(append(profileHeader(first+body.Len()), table.Bytes()...), body.Bytes()...)
}

func profileHeader(size int) []byte {
	h := make([]byte, 128)
	binary.BigEndian.PutUint32(h, uint32(size)) //nolint:gosec // some kilobytes
	h[8], h[9] = 2, 0x10                        // version 2.1
	copy(h[12:], "mntrRGB XYZ ")
	binary.BigEndian.PutUint16(h[24:], 2026) // made on the first of January
	h[27], h[29] = 1, 1
	copy(h[36:], "acsp")
	copy(h[68:], xyz(0.9642, 1, 0.8249)[8:]) // the connection space's white
	return h
}

// xyz is a colour as a tag: three numbers with 16 bits behind the point.
func xyz(values ...float64) []byte {
	b := bytes.NewBufferString("XYZ \x00\x00\x00\x00")
	for _, v := range values {
		put(b, int32(math.Round(v*65536)))
	}
	return b.Bytes()
}

// linear is the light of a value of sRGB.
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// put writes numbers, the highest byte first.
func put(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.BigEndian, v) } // of fixed size, into memory
