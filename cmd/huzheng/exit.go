package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Exit statuses. They are an interface: scripts branch on them, so none changes its meaning.
const (
	exitOK           = 0
	exitUsage        = 1
	exitVerdict      = 2
	exitUndetermined = 3
	exitRefused      = 4
	exitStore        = 5
	exitUnreachable  = 6
	exitForbidden    = 7
	exitInternal     = 70
	exitInterrupted  = 130
)

var exitTable = []struct {
	status int
	zh, en string
}{
	{exitOK, "成功；核验结论为有效", "done; every verdict is valid"},
	{exitUsage, "命令行用法或配置不对", "the command line or the configuration is wrong"},
	{exitVerdict, "核验结论不是有效（无效、吊销、过期、不予互认等），或检查发现问题", "a verdict is other than valid, or a check found something"},
	{exitUndetermined, "无法判定（缺回执、账本状态过旧、各省见证未一致等）", "undetermined: nothing is known against the document, nor enough for it"},
	{exitRefused, "输入不被接受；有逐行报告", "input is refused, with a report"},
	{exitStore, "存储缺失、被占用、损坏，或主密钥不符", "a store is missing, locked or damaged, or the master key is not its own"},
	{exitUnreachable, "无法连接或对方暂不可用", "not reachable, or not available now"},
	{exitForbidden, "凭证无效或无权限，或被账本规则拒绝", "the credential is unknown or may not, or the ledger's rules refuse"},
	{exitInternal, "程序内部错误", "a defect of the program"},
	{exitInterrupted, "被中断", "interrupted"},
}

func exitStatusTopic() *cobra.Command {
	var text strings.Builder
	text.WriteString("退出码 · Exit status:\n\n")
	for _, e := range exitTable {
		fmt.Fprintf(&text, "  %3d  %s\n       %s\n", e.status, e.zh, e.en)
	}
	text.WriteString("\n多个文件时取最严重者：2 先于 3。 Of several files the gravest counts, 2 before 3.")
	return &cobra.Command{Use: "exit-status", Short: "退出码说明 · what exit statuses mean", Long: text.String(),
		Example: "  huzheng verify c.sdjwt … ; case $? in 0) ;; 2) … ;; 3) … ;; esac"}
}

// usageError is a command line that is wrong.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// unreachableError is a gateway that does not answer, or not now.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// statusError ends a run whose result has been printed already.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// exitWith ends the run with a status; nil for exitOK.
func exitWith(status int) error {
	if status == exitOK {
		return nil
	}
	return &statusError{status}
}

// byPrefix and byCode say which status a code of attest/codes.go stands for. A code that is in neither, of a format or
// of an input, is input that is refused.
var byPrefix = []struct {
	prefix string
	status int
}{
	{"STORE_", exitStore}, {"MASTER_", exitStore}, {"KEYRING_", exitStore}, {"CHAIN_", exitStore}, {"AUDIT_", exitStore},
}

var byCode = map[int][]attest.Code{
	exitStore: {attest.CodeKeyStore, attest.CodeKeyDamaged, attest.CodeKeyMissing, attest.CodeStateDiffers,
		attest.CodeRulesDiverged, attest.CodeRecordUnreadable, attest.CodeBatchDiffers, attest.CodeSequenceGap},
	exitUnreachable: {attest.CodeTimeout, attest.CodeUnavailable, attest.CodeOverloaded, attest.CodeRateLimited,
		attest.CodeLedgerOverloaded, attest.CodeOutcomeUnknown, attest.CodeLedgerBehind},
	exitForbidden: {attest.CodeUnauthenticated, attest.CodeForbidden, attest.CodeNotPermitted, attest.CodeAgreementState,
		attest.CodeAgreementExists, attest.CodeAgreementUnknown, attest.CodeStatusTransition, attest.CodeKeyExists,
		attest.CodeOperationConflict, attest.CodeAuthorityExists, attest.CodeAuthorityUnknown, attest.CodeAuthorityInactive,
		attest.CodeTypeExists, attest.CodeAlreadyFounded, attest.CodeScopeTooWide, attest.CodeKeyUse, attest.CodeKeyUnknown, attest.CodeKeyCompromised},
	exitInternal: {attest.CodeInternal},
}

func exitOf(ctx context.Context, err error) int {
	var u *usageError
	var c *configError
	var r *unreachableError
	switch {
	case errors.As(err, &u), errors.As(err, &c):
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &r):
		return exitUnreachable
	}
	code := attest.CodeOf(err)
	for status, codes := range byCode {
		if slices.Contains(codes, code) {
			return status
		}
	}
	for _, p := range byPrefix {
		if strings.HasPrefix(string(code), p.prefix) {
			return p.status
		}
	}
	return exitRefused
}

// explain says in words what an error means to whoever ran the command.
func explain(status int, err error) (zh, en string) {
	var c *configError
	switch {
	case errors.As(err, &c):
		return "配置文件有误：huzheng serve --example 打印带说明的样例", "the configuration is wrong: huzheng serve --example prints one with comments"
	case status == exitUsage:
		return "命令行用法不对", "the command line is wrong"
	}
	if code := attest.CodeOf(err); code != attest.CodeInternal {
		if zh, en = attest.Explain(code); zh != "" {
			return zh, en
		}
	}
	for _, e := range exitTable {
		if e.status == status {
			return e.zh, e.en
		}
	}
	return "", ""
}
