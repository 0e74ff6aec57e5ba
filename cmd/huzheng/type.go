package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/typefile"
)

func (a *app) typeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "type",
		Short: "证照类型：登记、查看 · register and show certificate types",
		Long: `证照类型由代码和版本标识，含 JSON Schema、各字段的分级（一般 general、重要 important）和可证明的断言。
登记后的版本永不改变：有误则登记下一版本。

A certificate type has a code and a version, a JSON Schema, the grade of each field and the predicates that
can be proved. A version never changes once it is registered: a mistake is mended by the next one.`,
		Example: `  huzheng type register 施工许可证.json --data ./hn
  huzheng type list --api http://127.0.0.1:8440
  huzheng type show 11100000000013338W001 --data ./hn`,
	}
	c.AddCommand(a.typeRegister(), a.typeList(), a.typeShow())
	return c
}

// typeReport is one version of a type in the JSON documents of type.
type typeReport struct {
	Code       string            `json:"code"`
	Version    int               `json:"version"`
	Name       string            `json:"name"`
	Grades     map[string]string `json:"grades"`
	Predicates []string          `json:"predicates"`
	Schema     json.RawMessage   `json:"schema,omitempty"`  // type show only
	Changed    *bool             `json:"changed,omitempty"` // by this run; type register only
}

func typeReportOf(t *attest.CertificateType) typeReport {
	r := typeReport{Code: t.Code, Version: t.Version, Name: t.Name, Predicates: append([]string{}, t.Predicates...),
		Grades: map[string]string{}, Schema: t.Schema}
	for name, grade := range t.Grades {
		r.Grades[name] = string(grade)
	}
	return r
}

func (a *app) typeRegister() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "register FILE.json", Short: "登记一个版本 · register a version", Args: cobra.ExactArgs(1),
		Long: `文件是 JSON Schema 2020-12：$id 为 urn:huzheng:type:代码:版本，title 为类型名称；properties 中每个字段注明 title（中文名）、
x-pinyin（拼音首字母）和 x-grade（general 或 important）；x-predicates 列出可证明的断言，如 age_over_18、valid_in_2026。
登记前检查该文件能否用于签发。

The file is a JSON Schema 2020-12. Its $id is urn:huzheng:type:<code>:<version>, its title the type's name;
every property has a title, x-pinyin and x-grade (general, important); x-predicates lists what can be proved.
It is checked for use before anything is recorded.`,
		Example: `  cat permit.json
  {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:huzheng:type:11430000006122244L001:1",
   "title": "施工许可证", "type": "object", "required": ["certificateNumber"], "properties": {
     "certificateNumber": {"title": "证照编号", "x-pinyin": "ZZBH", "x-grade": "general", "type": "string"}, …}}
  huzheng type register permit.json --data ./hn`,
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			t, err := typefile.Parse(data)
			if err != nil {
				return err
			}
			return a.registerType(cmd.Context(), &from, t)
		},
	}
	from.register(c)
	return c
}

func (a *app) registerType(ctx context.Context, from *lookFlags, t *attest.CertificateType) error {
	r := typeReportOf(t)
	r.Schema = nil
	var err error
	if from.remote.url != "" {
		err = a.askForType(ctx, &from.remote, t)
	} else {
		var changed bool
		changed, err = a.registerTypeHere(ctx, &from.store, t)
		r.Changed = &changed
	}
	if err != nil {
		return err
	}
	return a.emit(r, func() error {
		a.printf("%s %s/%d %s\n", recordedText(r.Changed), r.Code, r.Version, r.Name)
		return nil
	})
}

func (a *app) registerTypeHere(ctx context.Context, store *storeFlags, t *attest.CertificateType) (changed bool, err error) {
	l, err := a.openLocal(ctx, store)
	if err != nil {
		return false, err
	}
	changed, err = l.RegisterType(ctx, *t)
	return changed, errors.Join(err, l.close())
}

func (a *app) askForType(ctx context.Context, remote *remoteFlags, t *attest.CertificateType) error {
	api, err := remote.open(a.getenv)
	if err != nil {
		return err
	}
	res, err := api.RegisterTypeWithBodyWithResponse(ctx, &client.RegisterTypeParams{IdempotencyKey: operationKey()},
		"application/json", bytes.NewReader(t.Schema))
	return settled(res, err)
}

func (a *app) typeList() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "list", Short: "列出账本上的证照类型 · every type on the ledger", Args: cobra.NoArgs,
		Example: "  huzheng type list --data ./hn\n  huzheng type list --api http://127.0.0.1:8440 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := struct {
				Types []typeReport `json:"types"`
			}{}
			var err error
			if out.Types, err = a.types(cmd.Context(), &from); err != nil {
				return err
			}
			for i := range out.Types {
				out.Types[i].Schema = nil
			}
			return a.emit(out, func() error { return a.printTypes(out.Types) })
		},
	}
	from.register(c)
	return c
}

func (a *app) typeShow() *cobra.Command {
	var from lookFlags
	var version int
	c := &cobra.Command{
		Use: "show CODE", Short: "查看一个类型的字段和模式 · the fields and the schema of a type", Args: cobra.ExactArgs(1),
		Example: "  huzheng type show 11100000000013338W001 --data ./hn\n  huzheng type show 11100000000013338W001 --type-version 1 --api http://127.0.0.1:8440 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.types(cmd.Context(), &from)
			if err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(t typeReport) bool { return t.Code != args[0] || version != 0 && t.Version != version })
			if len(list) == 0 {
				return typeUnknown()
			}
			newest := slices.MaxFunc(list, func(x, y typeReport) int { return cmp.Compare(x.Version, y.Version) })
			return a.emit(newest, func() error { return a.printType(&newest) })
		},
	}
	from.register(c)
	c.Flags().IntVar(&version, "type-version", 0, "版本（默认最新）· version, the newest by default")
	return c
}

func (a *app) types(ctx context.Context, from *lookFlags) ([]typeReport, error) {
	out := []typeReport{}
	if from.remote.url == "" {
		l, err := a.openLocal(ctx, &from.store)
		if err != nil {
			return nil, err
		}
		list, err := l.Types()
		for i := range list {
			out = append(out, typeReportOf(&list[i]))
		}
		return out, errors.Join(err, l.close())
	}
	api, err := from.remote.open(a.getenv)
	if err != nil {
		return nil, err
	}
	res, err := api.ListTypesWithResponse(ctx)
	if err := settled(res, err); err != nil {
		return nil, err
	}
	for _, t := range res.JSON200.Types {
		out = append(out, typeReport{Code: t.Code, Version: int(t.Version), Name: t.Name, Grades: t.Grades,
			Predicates: append([]string{}, t.Predicates...), Schema: t.Schema})
	}
	return out, nil
}

func (a *app) printTypes(list []typeReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "代码"}, {Title: "版本", Align: terminal.Right}, {Title: "名称", Max: 50},
		{Title: "字段", Align: terminal.Right}, {Title: "断言", Max: 50}}}
	for i := range list {
		r := &list[i]
		t.AddText(r.Code, strconv.Itoa(r.Version), r.Name, strconv.Itoa(len(r.Grades)), strings.Join(r.Predicates, ","))
	}
	return t.Write(a.out, a.palette)
}

func (a *app) printType(r *typeReport) error {
	a.printf("%s/%d  %s\n", r.Code, r.Version, r.Name)
	if len(r.Predicates) > 0 {
		a.printf("断言 predicates %s\n", strings.Join(r.Predicates, ", "))
	}
	t := terminal.Table{Columns: []terminal.Column{{Title: "字段"}, {Title: "分级"}}}
	for _, name := range slices.Sorted(maps.Keys(r.Grades)) {
		t.AddText(claimText(name), gradeText(r.Grades[name]))
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	a.printf("%s\n", r.Schema)
	return nil
}

func gradeText(grade string) string {
	if attest.Grade(grade) == attest.GradeImportant {
		return "重要 important"
	}
	return "一般 general"
}
