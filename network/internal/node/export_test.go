package node

import "context"

// LaunchAndLook launches a node, and looks for its mark as soon as that has returned.
func (s Supervisor) LaunchAndLook(ctx context.Context, spec Spec) (found bool, err error) {
	pid, err := s.launch(ctx, spec)
	if err != nil {
		return false, err
	}
	_, found = read(pid, s.dir)
	return found, nil
}
