package gbt

import "time"

// china is China Standard Time, in which a day of a certificate begins and ends.
var china = time.FixedZone("CST", 8*60*60) // read-only

// Day is the date of a moment, in China.
func Day(unix int64) string { return time.Unix(unix, 0).In(china).Format(time.DateOnly) }

// LastDay is the last date of a period whose end is exclusive, as exp is: what ends with the first second of a day was good
// through the day before. Whoever shows the end of a period shows this.
func LastDay(until int64) string { return Day(until - 1) }

// PeriodOf gives a period that is written in dates, both of which are part of it: from the first second of the first day in
// China to the first one that is past the last day. A date as ParseDate gives it; the zero time is an end that is not said.
func PeriodOf(first, last time.Time) (from, until int64) {
	if !first.IsZero() {
		from = midnight(first)
	}
	if !last.IsZero() {
		until = midnight(last.AddDate(0, 0, 1))
	}
	return from, until
}

func midnight(day time.Time) int64 {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, china).Unix()
}
