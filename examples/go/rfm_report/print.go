package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"libpmkt/pmkt"
)

// count writes a whole number with thousands apart.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// money writes minor units of a currency with two decimals.
func money(minor int64) string {
	sign, units, cents := "", minor/100, minor%100
	if minor < 0 {
		sign, units, cents = "-", -units, -cents
	}
	return fmt.Sprintf("%s%s.%02d", sign, count(units), cents)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// table writes rows in columns, numbers to the right.
func table(out io.Writer, title string, rows [][]string) error {
	if _, err := fmt.Fprintf(out, "\n%s\n", title); err != nil {
		return err
	}
	width := 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintf(columns, "  %-*s\t%s\t\n", width, row[0], strings.Join(row[1:], "\t"))
	}
	return columns.Flush()
}

func printScores(out io.Writer, scores *pmkt.Scores, zone pmkt.Zone) error {
	asOf, err := zone.Format(scores.AsOf())
	if err != nil {
		return err
	}
	title := "as of " + asOf
	if currency, _ := scores.Currency(); currency != "" {
		title += ", in " + currency
	}
	for _, by := range []pmkt.Grouping{pmkt.BySegment, pmkt.ByLifecycle} {
		groups, err := scores.Summary(by)
		if err != nil {
			return err
		}
		rows := [][]string{{by.String(), "customers", "share", "orders", "share", "revenue", "share",
			"avg order"}}
		for _, g := range groups {
			average := "–"
			if g.Orders > 0 {
				average = money(int64(math.Round(g.AverageOrder)))
			}
			rows = append(rows, []string{g.Name, count(g.Customers), percent(g.CustomerShare),
				count(g.Orders), percent(g.OrderShare), money(g.Revenue), percent(g.RevenueShare),
				average})
		}
		if err := table(out, "Customers by "+by.String()+" "+title, rows); err != nil {
			return err
		}
	}
	return printTiers(out, scores)
}

func printTiers(out io.Writer, scores *pmkt.Scores) error {
	names := scores.Names(pmkt.ByTier)
	customers, spend := make([]int64, len(names)), make([]int64, len(names))
	// Over the library's columns, without a copy.
	err := scores.Borrow(func(columns *pmkt.Columns) error {
		for i, tier := range columns.Tier {
			row := min(int(tier), len(names)-1) // unknown is the last
			customers[row]++
			spend[row] += columns.TierSpend[i]
		}
		return nil
	})
	if err != nil {
		return err
	}
	rows := [][]string{{"tier", "customers", "share", "spend"}}
	for i, name := range names {
		if name == "unknown" && customers[i] == 0 {
			continue
		}
		share := float64(customers[i]) / float64(max(scores.Len(), 1))
		rows = append(rows, []string{name, count(customers[i]), percent(share), money(spend[i])})
	}
	return table(out, "Tiers by the spend of the last 365 days", rows)
}

func printMoves(
	out io.Writer, o options, moved *pmkt.Migration, after *pmkt.Scores, names *pmkt.IDs,
) error {
	rates, err := moved.Rates()
	if err != nil {
		return err
	}
	users, err := moved.WinBack()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nIn the last %d days\n", o.days)
	fmt.Fprintf(out, "  Wake-up rate: of %s customers who were dormant, %s are active now (%s).\n",
		count(rates.DormantBefore), count(rates.DormantToActive), percent(rates.DormantToActiveRate))
	fmt.Fprintf(out, "  Of %s who were active, %s are dormant now (%s).\n",
		count(rates.ActiveBefore), count(rates.ActiveToDormant), percent(rates.ActiveToDormantRate))
	var revenue int64
	rows := [][]string{{"customer", "revenue", "orders", "days ago"}}
	for i, user := range users {
		customer, _ := after.Lookup(user)
		revenue += customer.Revenue
		if i < o.list {
			name, _ := names.Name(user)
			rows = append(rows, []string{name, money(customer.Revenue), count(customer.Orders),
				count(int64(customer.RecencyDays))})
		}
	}
	fmt.Fprintf(out, "  To win back, active or cooling then and dormant now: %s. They have brought %s.\n",
		count(int64(len(users))), money(revenue))
	return table(out, "Whom to win back first", rows)
}
