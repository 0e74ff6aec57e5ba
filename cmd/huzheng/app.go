package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

// app is one run of the program: its streams and what all subcommands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	palette  terminal.Palette
	progress bool // standard error is a terminal
	json     bool
	ran      bool // a subcommand has begun: errors are its own and not of usage
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !a.ran {
		err = &usageError{err}
	}
	return a.fail(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "huzheng",
		Short: "互证 Huzheng：跨省证照互认账本 · mutual certification between provinces",
		Long: `互证 Huzheng：各省把证照的加盐承诺记入共同排序、共同校验的账本，任何一省都能独立判定外省证照
是否真实、是否有效、本地本事项是否认可，并留下可离线核对的核验回执。原始数据不出省。

Huzheng: provinces record salted commitments of certificates on a ledger that they order and validate
together. Any province then decides alone whether a document of another one is genuine, in force and
recognised here for this purpose, and keeps a receipt that proves the decision. Raw data stays at home.`,
		Example: `  huzheng demo                                   # 四省演示 · four provinces, ten thousand certificates
  huzheng init --data ./gd --region 440000       # 建立一省网关 · found a region
  huzheng serve --config ./gd/huzheng.yaml       # 运行网关 · run its gateway
  huzheng verify cert.sdjwt --snapshot trust.hzs --scenario 不动产抵押登记 --use-cause "办理抵押"`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().BoolVar(&a.json, "json", false, "以一个 JSON 文档输出 · print one JSON document")
	root.AddGroup(&cobra.Group{ID: "work", Title: "业务 · Work"}, &cobra.Group{ID: "run", Title: "运行 · Operation"})
	a.group(root, "work", a.issueCommand(), a.certificateCommand(), a.receiptCommand(), a.verifyCommand(), a.snapshotCommand(),
		a.agreementCommand(), a.sampleCommand())
	a.group(root, "run", a.initCommand(), a.serveCommand(), a.charterCommand(), a.regionCommand(), a.authorityCommand(), a.typeCommand(), a.keyCommand(), a.fsckCommand(),
		a.benchCommand(), a.demoCommand(), a.versionCommand())
	root.AddCommand(exitStatusTopic())
	root.SetHelpCommandGroupID("run")
	a.mark(root)
	return root
}

// mark has every subcommand tell when its own work begins: whatever fails before is the command line's fault.
func (a *app) mark(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			a.ran = true
			return run(c, args)
		}
	}
	for _, sub := range c.Commands() {
		a.mark(sub)
	}
}

func (a *app) group(root *cobra.Command, id string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}

// emit prints v as the run's JSON document where --json asks for it, and else lets human print.
func (a *app) emit(v any, human func() error) error {
	if !a.json {
		return human()
	}
	out := json.NewEncoder(a.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

// notef tells a person about the run itself, beside its result.
func (a *app) notef(format string, args ...any) { fmt.Fprintf(a.err, format, args...) }

func (a *app) paint(style terminal.Style, s string) string { return a.palette.Apply(style, s) }

// failure is the JSON document of a run that came to an error.
type failure struct {
	Error struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Zh     string `json:"zh"`
		En     string `json:"en"`
	} `json:"error"`
	Exit int `json:"exit"`
}

// fail reports the error and gives the exit status. A status alone has been reported already.
func (a *app) fail(ctx context.Context, err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	status := exitOf(ctx, err)
	var doc failure
	doc.Exit = status
	doc.Error.Code, doc.Error.Detail = string(codeOf(err)), terminal.Clean(detailOf(err))
	if status == exitInterrupted {
		doc.Error.Code = "INTERRUPTED"
	}
	doc.Error.Zh, doc.Error.En = explain(status, err)
	if a.json {
		if a.emit(doc, nil) == nil {
			return status
		}
	}
	a.notef("%s %s\n", a.paint(terminal.Red, "错误"), doc.Error.Zh)
	a.notef("error: %s: %s\n", doc.Error.Code, doc.Error.Detail)
	if doc.Error.Code == codeUsage {
		a.notef("用法 · usage: huzheng help\n")
	}
	return status
}

// Codes of errors that are the program's own and not the system's.
const (
	codeUsage         = "USAGE"
	codeConfiguration = "CONFIGURATION"
	codeUnreachable   = "UNREACHABLE"
)

func codeOf(err error) attest.Code {
	var u *usageError
	var c *configError
	var r *unreachableError
	switch {
	case errors.As(err, &u):
		return codeUsage
	case errors.As(err, &c):
		return codeConfiguration
	case errors.As(err, &r):
		return codeUnreachable
	}
	return attest.CodeOf(err)
}

func detailOf(err error) string {
	var e *attest.Error
	if own := codeOf(err); own != codeUsage && own != codeConfiguration && errors.As(err, &e) && !joined(err) {
		return e.Detail
	}
	return err.Error()
}

// joined reports an error that holds several, none of which may be dropped.
func joined(err error) bool {
	list, ok := err.(interface{ Unwrap() []error })
	return ok && len(list.Unwrap()) > 1
}
