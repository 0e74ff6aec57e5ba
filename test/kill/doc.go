// Package kill ends a serving gateway with kill -9 under load and looks for everything that it had acknowledged. The
// recorder of acknowledgements is this process, which is never killed.
package kill
