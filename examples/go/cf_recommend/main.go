// The program cf_recommend reads a CSV file of what customers of a shop did and says what one of them would
// like. It shows how a Go service uses the recommendations of package pmkt: a model answers while the next one
// is trained and takes its place. The C program of the same name can do more.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"time"

	"libpmkt/pmkt"
)

const usage = `Usage: cf_recommend [options] FILE

Reads a CSV file with the columns time, customer, event (view, favorite, cart, order) and product, and
says what a customer would like.

  cf_recommend --customer C0029 ../../data/shop_events.csv

`

type options struct {
	customer string
	k, days  int
	file     string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("cf_recommend", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.customer, "customer", "", "`name` of the customer (required)")
	flags.IntVar(&o.k, "k", 5, "how many products: a `number`")
	flags.IntVar(&o.days, "days", 7, "the first model knows nothing of so many last `days`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 1 || o.customer == "" {
		flags.Usage()
		return o, errors.New("give one file, and the --customer")
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
		err = run(ctx, options, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cf_recommend:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	names, err := pmkt.NewIDs(pmkt.IDsOptions{}) // the way back from ids to products
	if err != nil {
		return err
	}
	defer names.Close()
	events, err := read(ctx, o.file, names)
	if err != nil {
		return err
	}
	last := time.UnixMilli(slices.Max(events.Time))

	// Whoever asks takes the current model from here; see recommend.
	var live pmkt.Live[*pmkt.Model]
	defer live.Close()
	model, err := train(ctx, events, last.AddDate(0, 0, -o.days), out)
	if err != nil {
		return err
	}
	live.Swap(model)
	if err := recommend(ctx, &live, o, names, out); err != nil {
		return err
	}
	// A service does this every night, in a goroutine of its own. Nobody waits: questions under way end
	// with the old model, which the last of them closes.
	if model, err = train(ctx, events, last.Add(time.Millisecond), out); err != nil {
		return err
	}
	live.Swap(model)
	return recommend(ctx, &live, o, names, out)
}

// train is a model of all that happened before a time. An order says more than a view, as the library has it
// by default, and what is 60 days old says half as much.
func train(
	ctx context.Context, events *pmkt.Events, before time.Time, out io.Writer,
) (*pmkt.Model, error) {
	data, _, err := pmkt.NewCFData(ctx, events,
		pmkt.CFDataOptions{AsOf: before, HalfLife: 60 * 24 * time.Hour})
	if err != nil {
		return nil, err
	}
	defer data.Close() // the model does not need it
	model, err := pmkt.FitALS(ctx, data, pmkt.ALSOptions{Factors: 16, Seed: 1})
	if err != nil {
		return nil, err
	}
	counts := data.Counts()
	fmt.Fprintf(out, "\nA model of what happened before %s UTC: %d events of %d customers with %d products.\n",
		before.UTC().Format(time.DateTime), counts.Rows, counts.Users, counts.Items)
	return model, nil
}

// recommend says what the customer would like, of the products that they had nothing to do with.
func recommend(
	ctx context.Context, live *pmkt.Live[*pmkt.Model], o options, names *pmkt.IDs, out io.Writer,
) error {
	model, release := live.Load()
	defer release()
	answer, err := model.Recommend(ctx, []uint64{pmkt.IDOf(o.customer)},
		pmkt.Query{K: o.k, Fallback: pmkt.FallbackPopular})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s would like", o.customer)
	if answer.Reasons[0] == pmkt.ReasonFellBack {
		fmt.Fprint(out, " what everybody likes, for the model does not know them")
	}
	fmt.Fprintln(out, ":")
	ids, scores := answer.Row(0)
	for i, id := range ids {
		name, _ := names.Name(id)
		if _, err := fmt.Fprintf(out, "  %d. %-28s %.3f\n", i+1, name, scores[i]); err != nil {
			return err
		}
	}
	return nil
}

// read is the file as events, whose products are in the dictionary.
func read(ctx context.Context, path string, names *pmkt.IDs) (*pmkt.Events, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(records) < 2 {
		return nil, fmt.Errorf("%s has no events", path)
	}
	var at [4]int
	for i, name := range []string{"time", "customer", "event", "product"} {
		if at[i] = slices.Index(records[0], name); at[i] < 0 {
			return nil, fmt.Errorf("%s has no column %q; it has %q", path, name, records[0])
		}
	}
	var events pmkt.Events
	var products []string
	for i, record := range records[1:] {
		when, err := pmkt.Zone{}.Parse(record[at[0]])
		if err != nil {
			return nil, fmt.Errorf("%s, record %d: %w", path, i+2, err)
		}
		kind := pmkt.KindOf(record[at[2]])
		if kind == pmkt.KindNone {
			return nil, fmt.Errorf("%s, record %d: there is no event %q", path, i+2, record[at[2]])
		}
		events.Append(pmkt.Event{User: pmkt.IDOf(record[at[1]]), Kind: kind, Time: when})
		products = append(products, record[at[3]])
	}
	events.Item, err = names.Encode(ctx, products)
	return &events, err
}
