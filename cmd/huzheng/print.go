package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// printFlags are those of the commands that get one record and write one file.
type printFlags struct {
	remote remoteFlags
	out    string
	fields []string
	nonce  string
}

func (f *printFlags) register(c *cobra.Command) {
	f.remote.register(c)
	c.Flags().StringVarP(&f.out, "out", "o", "", "写入的文件，不覆盖已有文件 · file to write; an existing one is kept")
	for _, name := range []string{"api", "out"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was just defined
		}
	}
}

// written is the JSON document of these commands.
type written struct {
	File  string `json:"file"`
	Bytes int    `json:"bytes"`
}

func (a *app) certificateCommand() *cobra.Command {
	c := &cobra.Command{Use: "certificate", Short: "打印、出示证照 · print and present certificates", Args: cobra.NoArgs,
		Example: "  huzheng certificate print 6KJVt2n3… --api https://gw.example --out certificate.pdf",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() }}
	var p printFlags
	onPaper := &cobra.Command{
		Use:   "print ID",
		Short: "打印为 PDF，内附证照和存证回执 · print as PDF, with the certificate and its receipt attached",
		Long: `把证照打印成 PDF：所选字段（默认全部）、自包含出示的二维码，以及作为附件的证照（SD-JWT）和存证回执。
核验时以附件为准：huzheng verify 文件.pdf。PDF 含个人信息，请妥善保管。

Prints the chosen fields, all by default, as PDF with a QR code; the SD-JWT and its inclusion receipt are
attached within the file, and huzheng verify FILE.pdf judges those.`,
		Example: "  huzheng certificate print 6KJVt2n3… --api https://gw.example --key @gd.key --out certificate.pdf",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.printCertificate(cmd, &p, args[0]) },
	}
	p.register(onPaper)
	onPaper.Flags().StringSliceVar(&p.fields, "fields", nil, "打印的字段，逗号分隔；默认全部 · fields to print; all by default")

	var s printFlags
	present := &cobra.Command{
		Use:   "present ID",
		Short: "自包含出示：.hzp 文件或二维码 · a self-contained presentation, as .hzp file or QR code",
		Long: `生成自包含出示：所选字段、持证人绑定和存证回执，压缩为一段文字，写为 .hzp 文件，或 .svg、.png 二维码。
核验方不须联系颁发地。--nonce 取核验方当场给出的随机数；不给则只在几分钟内有效。
一个二维码放不下的，分成几个（最多 16 个）画在同一张图里，核验时须扫全。

Chosen fields, the holder's signature and the inclusion receipt as one text: a .hzp file, or a QR code as
.svg or .png. With --nonce it is bound to what the verifier showed, and else to minutes. What fits no
single code is drawn as several, at most 16, in one picture.`,
		Example: "  huzheng certificate present 6KJVt2n3… --fields certificateHolderName --api https://gw.example --out code.png",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.presentCertificate(cmd, &s, args[0]) },
	}
	s.register(present)
	present.Flags().StringSliceVar(&s.fields, "fields", nil, "出示的字段，逗号分隔 · fields to disclose")
	present.Flags().StringVar(&s.nonce, "nonce", portable.NonceNone, "核验方给出的随机数 · nonce that the verifier showed")
	c.AddCommand(onPaper, present)
	return c
}

func (a *app) receiptCommand() *cobra.Command {
	c := &cobra.Command{Use: "receipt", Short: "打印核验回执 · print verification receipts", Args: cobra.NoArgs,
		Example: "  huzheng receipt print Q2w9nF3kT0yZb1VgYx7cHg --api https://gw.example --out receipt.pdf",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() }}
	var p printFlags
	onPaper := &cobra.Command{
		Use:     "print ID",
		Short:   "打印为 PDF，内附签名的回执 · print as PDF, with the signed receipt attached",
		Example: "  huzheng receipt print Q2w9nF3kT0yZb1VgYx7cHg --api https://gw.example --key @sc.key --out receipt.pdf",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.printReceipt(cmd, &p, args[0]) },
	}
	p.register(onPaper)
	c.AddCommand(onPaper)
	return c
}

func (a *app) printCertificate(cmd *cobra.Command, f *printFlags, id string) error {
	api, err := f.remote.open(a.getenv)
	if err != nil {
		return err
	}
	res, err := api.PrintCertificateWithResponse(cmd.Context(), id, &client.PrintCertificateParams{Fields: f.fields})
	if err != nil {
		return answer(err, nil, nil, nil)
	}
	return a.keep(f.out, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body)
}

func (a *app) printReceipt(cmd *cobra.Command, f *printFlags, id string) error {
	api, err := f.remote.open(a.getenv)
	if err != nil {
		return err
	}
	res, err := api.PrintReceiptWithResponse(cmd.Context(), id)
	if err != nil {
		return answer(err, nil, nil, nil)
	}
	return a.keep(f.out, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body)
}

func (a *app) keep(file string, response *http.Response, problem *client.Problem, body []byte) error {
	if err := answer(nil, response, problem, body); err != nil {
		return err
	}
	return a.write(file, body)
}

func (a *app) presentCertificate(cmd *cobra.Command, f *printFlags, id string) error {
	text, err := a.portableText(cmd.Context(), f, id)
	if err != nil {
		return err
	}
	content, err := drawn(f.out, text)
	if err != nil {
		return err
	}
	return a.write(f.out, content)
}

func (a *app) portableText(ctx context.Context, f *printFlags, id string) (string, error) {
	api, err := f.remote.open(a.getenv)
	if err != nil {
		return "", err
	}
	res, err := api.PresentCertificateWithResponse(ctx, id, client.PresentationRequest{
		Fields: append([]string{}, f.fields...), Audience: portable.Audience, Nonce: f.nonce})
	if err != nil {
		return "", answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return "", err
	}
	if res.JSON200.Portable == "" {
		return "", attest.Errorf(attest.CodeNotAnchoredYet, "the certificate is not on the ledger yet")
	}
	return res.JSON200.Portable, nil
}

// drawn is the text in the form that the file's name asks for.
func drawn(file, text string) ([]byte, error) {
	switch form := strings.ToLower(filepath.Ext(file)); form {
	case ".hzp":
		return []byte(text + "\n"), nil
	case ".svg", ".png":
		codes, err := qr.Portable(text, qr.Low)
		if err != nil {
			return nil, err
		}
		if form == ".svg" {
			return qr.Sheet(codes).SVG(), nil
		}
		return qr.Sheet(codes).PNG(6)
	}
	return nil, usagef("--out 以 .hzp、.svg 或 .png 结尾 · ends in .hzp, .svg or .png")
}

// write makes the file, which may hold what concerns a person: for its owner alone, and never over another one.
func (a *app) write(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's own file
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s 已存在，未覆盖 · exists and was left as it is", name)
	}
	if err != nil {
		return usagef("%w", err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return a.emit(&written{File: name, Bytes: len(content)}, func() error {
		a.printf("已写入 · written   %s  %d 字节 bytes\n", name, len(content))
		return nil
	})
}
