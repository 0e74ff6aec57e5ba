package osn

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestViewOfMetrics(t *testing.T) {
	const metrics = `# HELP consensus_smartbft_viewchange_current_view current view of viewchange on this channel.
# TYPE consensus_smartbft_viewchange_current_view gauge
consensus_smartbft_viewchange_current_view{channel="another"} 9
consensus_smartbft_viewchange_current_view{channel="huzheng"} 3
consensus_smartbft_viewchange_next_view{channel="huzheng"} %
consensus_smartbft_viewchange_real_view{channel="huzheng"} 2
`
	for next, asks := range map[string]bool{"3": false, "4": true} {
		v, err := parseView([]byte(strings.Replace(metrics, "%", next, 1)), "huzheng")
		require.NoError(t, err)
		require.Equal(t, uint64(3), v.Current)
		require.Equal(t, asks, v.Asks())
	}
	_, err := parseView([]byte(strings.Replace(metrics, "%", "x", 1)), "huzheng")
	require.Error(t, err)
	v, err := parseView(nil, "huzheng")
	require.NoError(t, err)
	require.False(t, v.Asks(), "an orderer without SmartBFT")
}
