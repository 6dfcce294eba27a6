package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"libpmkt/pmkt"
)

const batchRows = 100_000

// batch collects rows until there are enough for one call of the library.
type batch struct {
	events pmkt.Events
	users  []string
	orders []string // "" is an order of its own
}

// read adds all rows of the file to the state, and the customers' names to the dictionary.
func read(
	ctx context.Context, o options, zone pmkt.Zone, stdin io.Reader, rfm *pmkt.RFM, names *pmkt.IDs,
	out io.Writer,
) error {
	in := stdin
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is empty; expected a line of column names", o.file)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	var at [4]int // user, time, amount, order
	for i, name := range []string{o.user, o.time, o.amount, o.order} {
		if at[i] = slices.Index(header, name); at[i] < 0 && name != "" {
			return fmt.Errorf("%s has no column %q; it has %q", o.file, name, header)
		}
	}
	var taken, rejected int64
	var b batch
	for {
		record, err := rows.Read()
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return fmt.Errorf("%s: %w", o.file, err)
		}
		if !last {
			b.take(record, at, zone)
		}
		if len(b.users) == batchRows || last {
			report, err := b.add(ctx, o, rfm, names)
			if err != nil {
				return fmt.Errorf("%s: %w", o.file, err)
			}
			taken, rejected = taken+report.Accepted, rejected+report.Rejected
		}
		if last {
			break
		}
	}
	_, err = fmt.Fprintf(out, "%s rows taken, %s bad ones left out.\n", count(taken), count(rejected))
	return err
}

// take appends a row. What cannot be read becomes a null, for which the state rejects the row.
func (b *batch) take(record []string, at [4]int, zone pmkt.Zone) {
	event := pmkt.Event{Kind: pmkt.KindOrder, Amount: pmkt.AmountNull}
	if time, err := zone.Parse(record[at[1]]); err == nil {
		event.Time = time
	}
	if amount, err := pmkt.ParseMoney(record[at[2]], 2); err == nil {
		event.Amount = amount
	}
	b.events.Append(event)
	b.users = append(b.users, string([]byte(record[at[0]])))
	if at[3] >= 0 {
		b.orders = append(b.orders, string([]byte(record[at[3]])))
	}
}

// add hands the rows over, in one call each for the names and for the events.
func (b *batch) add(
	ctx context.Context, o options, rfm *pmkt.RFM, names *pmkt.IDs,
) (pmkt.Report, error) {
	var err error
	if b.events.User, err = names.Encode(ctx, b.users); err != nil {
		return pmkt.Report{}, err
	}
	b.events.Order = pmkt.IDsOf(b.orders)
	for i, user := range b.users {
		if user == "" {
			b.events.User[i] = pmkt.IDNone
		}
		if len(b.orders) > 0 && b.orders[i] == "" {
			b.events.Order[i] = pmkt.IDNone
		}
	}
	b.events.OnBad = pmkt.OnBadSkip
	if b.events.Currency = o.currency; o.currency != "" {
		b.events.CurrencyExponent = 2
	}
	report, err := rfm.Add(ctx, &b.events)
	b.events.Reset()
	b.users, b.orders = b.users[:0], b.orders[:0]
	return report, err
}
