package osn

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// View is where an orderer stands in SmartBFT, which counts its leaders' terms as views.
type View struct {
	Current uint64
	Next    uint64 // the same, unless the orderer asks for another leader
}

// Asks reports whether the orderer asks for another leader. It does so for a second or two when the others do as well. One that
// was cut off asks alone, and SmartBFT never has it take that back: at every time-out of the change it begins its view anew, with a
// count that is not the others', and refuses what they propose next. It counts as one more that fails, until there is another
// leader or it is restarted.
func (v View) Asks() bool { return v.Next != v.Current }

// View reads the orderer's place from its metrics. Without SmartBFT it is the zero View.
func (o *Orderer) View(ctx context.Context, channel string) (View, error) {
	text, err := o.client.Text(ctx, o.metrics)
	if err != nil {
		return View{}, fmt.Errorf("orderer of %s: %w", o.region, err)
	}
	return parseView(text, channel)
}

func parseView(metrics []byte, channel string) (v View, err error) {
	for name, field := range map[string]*uint64{"current": &v.Current, "next": &v.Next} {
		line := regexp.MustCompile(`(?m)^consensus_smartbft_viewchange_` + name + `_view\{channel="` + regexp.QuoteMeta(channel) + `"\} (\S+)$`)
		found := line.FindSubmatch(metrics)
		if found == nil {
			continue
		}
		number, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			return View{}, err
		}
		*field = uint64(number)
	}
	return v, nil
}
