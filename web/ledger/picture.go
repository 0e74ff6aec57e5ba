package ledger

import (
	"encoding/base64"
	"math"
	"slices"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// picture is the regions on a circle, each with a line to this gateway's region in the middle. All is computed here: the
// template only writes it down.
type picture struct {
	Size   int
	Centre node
	Nodes  []node
}

// Stand is how a region's statement stands to ours.
type Stand string

// The stands.
const (
	StandSelf     Stand = "self"
	StandAgrees   Stand = "agrees"   // its digest is ours at its height
	StandBehind   Stand = "behind"   // it has stated less than the agreed height; nothing contradicts
	StandSilent   Stand = "silent"   // it has stated nothing yet
	StandDisagree Stand = "disagree" // verification is frozen, and it is not among those that agree
)

type node struct {
	Code, Name string
	Stand      Stand
	Height     uint64
	Stated     bool
	Time       int64
	X, Y       int // of the circle
	FromX      int // ends of the line to the middle
	FromY      int
	ToX, ToY   int
}

const (
	size   = 420
	radius = 150 // from the middle to a region
	disc   = 44  // of a region
	hub    = 58  // of the middle
)

// standOf says how a region's statement stands to ours.
func standOf(state *State, r *Region) Stand {
	switch {
	case r.Code == state.Region:
		return StandSelf
	case slices.Contains(state.Agreeing, r.Code):
		return StandAgrees
	case !r.Stated:
		return StandSilent
	case state.Frozen:
		return StandDisagree
	default:
		return StandBehind
	}
}

// draw places the regions.
func draw(p *shell.Page, state *State) *picture {
	pic := &picture{Size: size}
	others := 0
	for _, r := range state.Regions {
		if r.Code != state.Region {
			others++
		}
	}
	place := 0
	for i := range state.Regions {
		r := &state.Regions[i]
		n := node{Code: r.Code, Name: shell.Province(p.Lang, r.Code), Stand: standOf(state, r), Height: r.Height, Stated: r.Stated, Time: r.Time}
		if n.Stand == StandSelf {
			n.X, n.Y = size/2, size/2
			pic.Centre = n
			continue
		}
		angle := 2*math.Pi*float64(place)/float64(max(others, 1)) - math.Pi/2
		place++
		at := func(distance float64) (int, int) {
			return size/2 + int(math.Round(distance*math.Cos(angle))), size/2 + int(math.Round(distance*math.Sin(angle)))
		}
		n.X, n.Y = at(radius)
		n.FromX, n.FromY = at(hub)
		n.ToX, n.ToY = at(radius - disc)
		pic.Nodes = append(pic.Nodes, n)
	}
	return pic
}
