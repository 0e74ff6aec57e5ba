package api

import (
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// write writes the verification as encoding/json would, member for member. It is the answer that is given most often by far, and
// reflection over its checks would cost a quarter of a signature.
func (v *Verification) write(w *attest.ObjectWriter) {
	if v.Agreement != (AgreementRef{}) {
		w.Object("agreement", func(w *attest.ObjectWriter) {
			w.String("id", v.Agreement.ID)
			w.Int64("version", int64(v.Agreement.Version))
		})
	}
	if v.Certificate != (CertificateFacts{}) {
		w.Object("certificate", v.Certificate.write)
	}
	w.Objects("checks", len(v.Checks), func(i int, w *attest.ObjectWriter) {
		c := &v.Checks[i]
		w.String("code", c.Code)
		w.OptString("detail", c.Detail)
		w.String("en", c.En)
		w.String("name", c.Name)
		w.String("outcome", string(c.Outcome))
		w.String("zh", c.Zh)
	})
	w.Raw("claims", v.Claims)
	w.String("code", v.Code)
	w.Bool("disputed", v.Disputed)
	w.Int64("height", v.Height)
	w.Object("reason", func(w *attest.ObjectWriter) {
		w.String("en", v.Reason.En)
		w.String("zh", v.Reason.Zh)
	})
	w.String("receipt", v.Receipt)
	w.String("receiptId", v.ReceiptID)
	w.String("result", string(v.Result))
	w.Object("witness", func(w *attest.ObjectWriter) {
		w.Int64("agreedHeight", v.Witness.AgreedHeight)
		w.Strings("agreeing", v.Witness.Agreeing)
		w.Bool("frozen", v.Witness.Frozen)
		w.Int64("regions", int64(v.Witness.Regions))
	})
}

func (f *CertificateFacts) write(w *attest.ObjectWriter) {
	w.String("authority", f.Authority)
	w.String("commitment", f.Commitment)
	w.String("region", f.Region)
	w.String("type", f.Type)
	w.Int64("typeVersion", int64(f.TypeVersion))
}

// answers are buffers for a verification's answer, which is some 8 kB.
var answers = sync.Pool{New: func() any { return new([]byte) }}

// respondVerification is respond for a verification.
func respondVerification(c echo.Context, v *Verification) error {
	buffer, _ := answers.Get().(*[]byte) // the pool holds nothing else
	w := attest.NewObjectWriter((*buffer)[:0])
	v.write(w)
	*buffer = append(w.Close(), '\n')
	defer answers.Put(buffer) // once it is written
	return send(c, http.StatusOK, *buffer)
}
