package benchnet_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ticks are in a second of a process's times in /proc.
const ticks = 100

// processor is the processor time that processes have used, those that are there no more aside. Beside the clock it is the truer figure on
// a machine that has other work: the more threads a program has, the more of such a machine it gets.
func processor(t testing.TB, pids []int) (total time.Duration) {
	t.Helper()
	for _, pid := range append([]int{os.Getpid()}, pids...) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		_, after, _ := strings.Cut(string(text), ") ") // behind the name, the fields from the third on
		fields := strings.Fields(after)
		for _, field := range fields[11:13] { // user and system
			n, err := strconv.Atoi(field)
			require.NoError(t, err)
			total += time.Duration(n) * time.Second / ticks
		}
	}
	return total
}
