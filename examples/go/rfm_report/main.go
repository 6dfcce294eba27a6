// The program rfm_report reads a CSV file of orders and says who is worth what: eight classes by recency,
// frequency and value, lifecycle, membership tiers, and whom to win back. It shows how a Go program uses
// package pmkt; the C program of the same name can do more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"libpmkt/pmkt"
)

const usage = `Usage: rfm_report [options] FILE

Reads a CSV file of orders, one row an order line, and says who is worth what: classes, lifecycle,
tiers, and whom to win back. FILE - is stdin.

  rfm_report --user customer --time date --amount dollars --currency USD cdnow_orders.csv

`

type options struct {
	user, time, order, amount string
	currency, zone, asOf      string
	days, list                int
	file                      string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("rfm_report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.user, "user", "", "`column` of the customer (required)")
	flags.StringVar(&o.time, "time", "", "`column` of when (required)")
	flags.StringVar(&o.amount, "amount", "", "`column` of the money of the row, such as 1234.50 (required)")
	flags.StringVar(&o.order, "order", "", "`column` of the order: rows of a customer with one order id are one")
	flags.StringVar(&o.currency, "currency", "", "ISO 4217 `code` of a currency with two decimals")
	flags.StringVar(&o.zone, "tz", "UTC", "zone of times without an offset, and of calendar days: a `name`")
	flags.StringVar(&o.asOf, "as-of", "", "`date` of the question, exclusive (default: the midnight after the last order)")
	flags.IntVar(&o.days, "days", 90, "compare with so many `days` before")
	flags.IntVar(&o.list, "list", 5, "how many customers to win back to name: a `number`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 1 || o.user == "" || o.time == "" || o.amount == "" {
		flags.Usage()
		return o, errors.New("give one file, and its columns --user, --time and --amount")
	}
	o.file = flags.Arg(0)
	return o, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	options, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = report(ctx, options, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rfm_report:", err)
		os.Exit(1)
	}
}

// report does all of it. The pmkt handles are closed by defer; had one been forgotten, the garbage
// collector would free it.
func report(ctx context.Context, o options, stdin io.Reader, out io.Writer) error {
	location, err := time.LoadLocation(o.zone)
	if err != nil {
		return err
	}
	zone := pmkt.ZoneOf(location)
	rfm, err := pmkt.NewRFM(pmkt.RFMOptions{Zone: zone})
	if err != nil {
		return err
	}
	defer rfm.Close()
	names, err := pmkt.NewIDs(pmkt.IDsOptions{})
	if err != nil {
		return err
	}
	defer names.Close()
	if err := read(ctx, o, zone, stdin, rfm, names, out); err != nil {
		return err
	}

	asOf, err := question(o, zone, rfm)
	if err != nil {
		return err
	}
	after, err := rfm.Score(ctx, asOf, pmkt.ScoreOptions{})
	if err != nil {
		return err
	}
	defer after.Close()
	if err := printScores(out, after, zone); err != nil {
		return err
	}
	before, err := rfm.Score(ctx, asOf.In(location).AddDate(0, 0, -o.days), pmkt.ScoreOptions{})
	if err != nil {
		return err
	}
	defer before.Close()
	moved, err := pmkt.Migrate(ctx, before, after, pmkt.BySegment)
	if err != nil {
		return err
	}
	defer moved.Close()
	return printMoves(out, o, moved, after, names)
}

// question is the date that is asked about.
func question(o options, zone pmkt.Zone, rfm *pmkt.RFM) (time.Time, error) {
	if o.asOf != "" {
		return zone.Parse(o.asOf)
	}
	stats, err := rfm.Stats()
	if err != nil {
		return time.Time{}, err
	}
	if stats.RowsAccepted == 0 {
		return time.Time{}, errors.New("the file has no orders")
	}
	day := make([]int32, 1)
	if err := zone.Days([]int64{stats.LastEvent.UnixMilli()}, day); err != nil {
		return time.Time{}, err
	}
	return zone.DayStart(int(day[0]) + 1)
}
