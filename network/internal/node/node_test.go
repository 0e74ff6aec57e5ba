package node_test

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
)

// shell is a node that runs a shell script.
func shell(dir string, name node.Name, script string) node.Spec {
	return node.Spec{
		Name: name, Program: "/bin/sh", Args: []string{"-c", script}, Dir: dir, Log: filepath.Join(dir, "logs", name.String()+".log"),
		Ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(dir, "ready"))
			return err
		},
	}
}

var peer = node.Name{Kind: node.Peer, Region: "440000"}

func TestStartFindStop(t *testing.T) {
	dir := t.TempDir()
	s := node.NewSupervisor(dir)
	spec := shell(dir, peer, "touch ready; while true; do sleep 0.05; done")
	started, err := s.Start(t.Context(), spec)
	require.NoError(t, err)
	require.True(t, started)
	t.Cleanup(func() { require.NoError(t, s.Kill(context.Background(), peer)) })
	require.NoError(t, s.WaitReady(t.Context(), spec))

	again, err := s.Start(t.Context(), spec)
	require.NoError(t, err)
	require.False(t, again, "a node that runs is not started twice")

	other, err := node.NewSupervisor(t.TempDir()).Running()
	require.NoError(t, err)
	require.Empty(t, other, "another network does not see it")

	require.NoError(t, s.Stop(t.Context(), 10*time.Second, peer))
	running, err := s.Running()
	require.NoError(t, err)
	require.Empty(t, running)
}

func TestStopEndsByForceWhatDoesNotListenAndItsChildren(t *testing.T) {
	dir := t.TempDir()
	s := node.NewSupervisor(dir)
	spec := shell(dir, peer, `trap '' TERM; sleep 300 & echo $! > child; touch ready; while true; do sleep 0.05; done`)
	_, err := s.Start(t.Context(), spec)
	require.NoError(t, err)
	require.NoError(t, s.WaitReady(t.Context(), spec))
	require.NoError(t, s.Stop(t.Context(), 200*time.Millisecond, peer))

	running, err := s.Running()
	require.NoError(t, err)
	require.Empty(t, running)
	pid, err := os.ReadFile(filepath.Join(dir, "child"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		cmdline, err := os.ReadFile(filepath.Join("/proc", string(pid[:len(pid)-1]), "cmdline"))
		return err != nil || len(cmdline) == 0
	}, 5*time.Second, 20*time.Millisecond, "the child is gone, or a zombie that nobody has collected")
}

func TestWaitReadyTellsWhyANodeEnded(t *testing.T) {
	dir := t.TempDir()
	s := node.NewSupervisor(dir)
	spec := shell(dir, peer, "echo no such ledger; exit 1")
	_, err := s.Start(t.Context(), spec)
	require.NoError(t, err)
	err = s.WaitReady(t.Context(), spec)
	require.ErrorContains(t, err, "peer.440000 ended by itself")
	require.ErrorContains(t, err, "no such ledger")
}

// The system says that a program runs a little before the program's environment can be read. Whoever looked for the node in between
// would say that it has ended.
func TestWhatWasStartedIsFoundAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := node.NewSupervisor(dir)
	end := func() {
		running, err := s.Running()
		require.NoError(t, err)
		require.NoError(t, s.Kill(context.Background(), slices.Collect(maps.Keys(running))...))
	}
	t.Cleanup(end)
	const starts = 200
	for i := range starts {
		name := node.Name{Kind: node.Peer, Region: strconv.Itoa(100000 + i)}
		found, err := s.LaunchAndLook(t.Context(), shell(dir, name, "sleep 300"))
		require.NoError(t, err)
		require.True(t, found, "start %d", i+1)
		if i%20 == 19 {
			end()
		}
	}
	t.Logf("%d starts", starts)
}

func TestAnAddressThatIsLetGoOfIsWaitedFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	s := node.NewSupervisor(dir)
	spec := shell(dir, peer, "touch ready; sleep 300")
	spec.Listen = []string{l.Addr().String()}
	time.AfterFunc(300*time.Millisecond, func() { _ = l.Close() }) // as a process that is ending does
	_, err = s.Start(t.Context(), spec)
	require.NoError(t, err)
	require.NoError(t, s.WaitReady(t.Context(), spec))
	require.NoError(t, s.Kill(t.Context(), peer))
}

func TestTakenAddressIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	dir := t.TempDir()
	spec := shell(dir, peer, "true")
	spec.Listen = []string{l.Addr().String()}
	_, err = node.NewSupervisor(dir).Start(t.Context(), spec)
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

func TestNames(t *testing.T) {
	got, err := node.ParseName("chaincode-b.510000")
	require.NoError(t, err)
	require.Equal(t, node.Name{Kind: node.ChaincodeB, Region: "510000"}, got)
	for _, bad := range []string{"", "peer", "peer.", "gateway", "gateways.440000", ".440000"} {
		_, err := node.ParseName(bad)
		require.Error(t, err, bad)
	}
}
