package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/fsck"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

func (a *app) fsckCommand() *cobra.Command {
	var store storeFlags
	var rebuild bool
	c := &cobra.Command{
		Use:   "fsck",
		Short: "检查账本、索引、保险库是否一致 · check ledger, index and vault against each other",
		Long: `账本：逐块核对散列和前块（联盟网络上为排序方签名），重跑每条命令，比对状态。索引：与账本状态逐键比对。保险库：每条记录可解、
承诺与叶一致、批次与账本一致、审计链完整。只读；网关须已停止。有 error 时退出码为 2，只有 warning 时为 0。

Ledger: every block against its hash and the one before (on a network against its orderers' signatures, as
the regions' peers give it), every command through the rules again. Index: key
by key against the ledger's state. Vault: every record opens, leaves and batches agree with the ledger, the
audit chain is whole. Changes nothing unless asked to rebuild; the gateway must not be running. Exit 2 on errors, 0 on warnings only.`,
		Example: "  huzheng fsck --data ./gd\n  huzheng fsck --data ./gd --json\n  huzheng fsck --data ./gd --rebuild-index",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.fsck(cmd.Context(), &store, rebuild) },
	}
	store.register(c)
	c.Flags().BoolVar(&rebuild, "rebuild-index", false, "先清空索引，网关启动时从头重建 · empty the indexes first: gateways follow from block 0")
	_ = c.MarkFlagRequired("data")
	return c
}

// fsckReport is the JSON document of fsck.
type fsckReport struct {
	Findings []fsck.Finding `json:"findings"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
	Blocks   uint64         `json:"blocks"`
}

func (a *app) fsck(ctx context.Context, store *storeFlags, rebuild bool) error {
	config, err := store.config()
	if err != nil {
		return err
	}
	plan, err := config.plan(nil)
	if err != nil {
		return err
	}
	if rebuild {
		if err := fsck.RebuildIndexes(plan); err != nil {
			return store.whoHolds(err)
		}
	}
	if rebuild && plan.Connection != nil { // also while the network cannot be asked
		return a.emit(&fsckReport{Findings: []fsck.Finding{}}, func() error {
			a.printf("索引已清空，网关启动时从头重建 · emptied: the gateway follows from block 0 when it starts\n")
			return nil
		})
	}
	return a.measure(ctx, store, plan)
}

// measure checks everything against the ledger and reports what it found.
func (a *app) measure(ctx context.Context, store *storeFlags, plan *consortium.Plan) error {
	progress := a.newBar(-1, "账本 · ledger")
	result, err := fsck.Run(ctx, plan, func(done, _ uint64) { progress.set(int64(done)) }) //nolint:gosec // blocks: far below 2^63
	progress.finish()
	if err != nil {
		return store.whoHolds(err)
	}
	report := &fsckReport{Findings: result.Findings, Blocks: result.Blocks}
	for _, f := range result.Findings {
		if f.Severity == fsck.Error {
			report.Errors++
		} else {
			report.Warnings++
		}
	}
	if err := a.emit(report, func() error { return a.printFsck(report) }); err != nil {
		return err
	}
	if report.Errors > 0 {
		return exitWith(exitVerdict)
	}
	return nil
}

func (a *app) printFsck(r *fsckReport) error {
	if len(r.Findings) > 0 {
		t := terminal.Table{Columns: []terminal.Column{{Title: "级别"}, {Title: "部件"}, {Title: "代码"}, {Title: "位置", Max: 40},
			{Title: "说明", Max: 70}, {Title: "处置", Max: 80}}}
		for _, f := range r.Findings {
			style := terminal.Yellow
			if f.Severity == fsck.Error {
				style = terminal.Red
			}
			t.Add(terminal.Cell{Text: string(f.Severity), Style: style}, terminal.Cell{Text: f.Part}, terminal.Cell{Text: string(f.Code)},
				terminal.Cell{Text: f.Where}, terminal.Cell{Text: f.Detail}, terminal.Cell{Text: f.Action})
		}
		if err := t.Write(a.out, a.palette); err != nil {
			return err
		}
		a.printf("\n")
	}
	a.printf("区块 blocks %d   错误 errors %d   警告 warnings %d\n", r.Blocks, r.Errors, r.Warnings)
	return nil
}
