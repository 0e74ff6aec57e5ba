package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

var (
	// ErrNone means that the folder holds no network.
	ErrNone = errors.New("no network here")
	// ErrBusy means that another process works on the network at the moment.
	ErrBusy = errors.New("another huzheng-net works on it at the moment")
)

// Tools is what a network is worked with.
type Tools struct {
	Programs fabricbin.Programs
	Log      *progress.Log
	Now      func() time.Time
}

// Network is a network in a folder, held by one process at a time. It is not safe for concurrent use.
type Network struct {
	Tools
	topology   topology.Topology
	files      layout.Network
	state      state
	supervisor node.Supervisor
	lock       *os.File
	client     *sdk.Network // opened when it is first needed
	started    []node.Name  // by this process
}

// Exists is ErrNone if dir holds no network.
func Exists(dir string) error {
	files, err := folder(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(files.Topology()); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s (begin with: huzheng-net up)", ErrNone, files.Dir)
	}
	return nil
}

// Open takes up the network in dir. It is ErrNone if there is none. Close it.
func Open(dir string, tools Tools) (*Network, error) {
	if err := Exists(dir); err != nil {
		return nil, err
	}
	files, err := folder(dir)
	if err != nil {
		return nil, err
	}
	lock, err := take(files)
	if err != nil {
		return nil, err
	}
	n := &Network{Tools: tools, files: files, lock: lock, supervisor: node.NewSupervisor(files.Dir)}
	if n.topology, err = topology.Load(files.Topology()); err != nil {
		n.Close()
		return nil, err
	}
	if n.state, err = readState(files); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// OpenWaiting is Open, and waits while another process works on the network.
func OpenWaiting(ctx context.Context, dir string, tools Tools) (*Network, error) {
	var n *Network
	var opened error
	err := until(ctx, "nobody else works on "+dir, settle, func(context.Context) (bool, error) {
		n, opened = Open(dir, tools)
		return !errors.Is(opened, ErrBusy), nil
	})
	return n, errors.Join(err, opened)
}

// OpenOrCreate takes up the network in dir, or begins one. wanted is nil where the operator named no topology: a network that is
// there keeps its own, a new one gets the default. A network that is there with another topology than wanted is refused.
func OpenOrCreate(dir string, wanted *topology.Topology, tools Tools) (*Network, error) {
	n, err := Open(dir, tools)
	if errors.Is(err, ErrNone) {
		t := topology.Default()
		if wanted != nil {
			t = *wanted
		}
		return create(dir, t, tools)
	}
	if err != nil {
		return nil, err
	}
	if wanted != nil && !reflect.DeepEqual(*wanted, n.topology) {
		n.Close()
		return nil, fmt.Errorf("%s holds a network with another topology, and its data: use that (no --topology), add to it "+
			"(huzheng-net add-region), or give it up (huzheng-net down --wipe)", n.files.Dir)
	}
	return n, nil
}

func create(dir string, t topology.Topology, tools Tools) (*Network, error) {
	files, err := folder(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(files.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty and holds no network: name another folder with --dir", files.Dir)
	}
	if err := writeTopology(files, t); err != nil {
		return nil, err
	}
	return Open(files.Dir, tools)
}

func writeTopology(files layout.Network, t topology.Topology) error {
	text, err := t.Marshal()
	if err != nil {
		return err
	}
	return pki.WriteFile(files.Topology(), text)
}

func folder(dir string) (layout.Network, error) {
	abs, err := filepath.Abs(dir)
	return layout.Network{Dir: abs}, err
}

// take locks the folder against another huzheng-net.
func take(files layout.Network) (*os.File, error) {
	f, err := os.OpenFile(files.Lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", files.Dir, ErrBusy)
	}
	return f, nil
}

// Close lets go of the network. Its nodes run on.
func (n *Network) Close() {
	n.disconnect()
	_ = n.lock.Close()
}

// Topology returns what the network is.
func (n *Network) Topology() topology.Topology { return n.topology }

// local lists the regions whose keys and nodes are in this folder: all of them on one machine, one in deployment.
func (n *Network) local() []topology.Region {
	if n.state.Local == "" {
		return n.topology.Regions
	}
	r, ok := n.topology.Region(n.state.Local)
	if !ok {
		return nil
	}
	return []topology.Region{r}
}

// localCodes lists the codes of the local regions.
func (n *Network) localCodes() []string {
	return topology.Topology{Regions: n.local()}.Codes()
}

// Files returns where everything lies.
func (n *Network) Files() layout.Network { return n.files }

// Client returns the administrators' way to the network. It stays open until Close.
func (n *Network) Client() (*sdk.Network, error) {
	if n.client == nil {
		client, err := sdk.Open(n.topology, n.files)
		if err != nil {
			return nil, err
		}
		n.client = client
	}
	return n.client, nil
}

// disconnect closes the client, so that the next one sees what has changed.
func (n *Network) disconnect() {
	if n.client != nil {
		n.client.Close()
		n.client = nil
	}
}

// Admin returns the administrator of a region.
func (n *Network) Admin(code string) (*sdk.Admin, error) {
	client, err := n.Client()
	if err != nil {
		return nil, err
	}
	return client.Admin(code)
}
