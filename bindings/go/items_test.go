package pmkt

import (
	"fmt"
	"math"
	"testing"
)

func ExampleItems() {
	catalogue := &Items{
		Item:   []uint64{1, 2, 2},
		Price:  []int64{1_999, AmountNull, 500},
		Stock:  []int64{5, StockNull, 0},
		Vector: []float32{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, Dimensions: 2,
		OnBad: OnBadSkip,
	}
	report, err := catalogue.Check()
	fmt.Println(report, err)
	// Output: 3 rows: 2 accepted, 1 rejected (1 an item that was there before) <nil>
}

func TestItemsThatAreMalformed(t *testing.T) {
	nan := float32(math.NaN())
	one := []uint64{1}
	for say, items := range map[string]*Items{
		"Price has 2":  {Item: one, Price: []int64{1, 2}},
		"Vector has 3": {Item: one, Vector: []float32{1, 2, 3}, Dimensions: 2},
		"Vector has 2": {Item: one, Vector: []float32{1, 2}},
		"dimensions":   {Item: one, Dimensions: 2},
		"Vector has 1": {Item: one, Vector: []float32{1}, Dimensions: -1},
		"currency":     {Item: one, Currency: "yuan"},
		"code such as": {Item: one, Currency: "renminbi"},
		"on_bad":       {Item: one, OnBad: 5},
		"weight has 2": {Item: one, Extra: []Column{{Name: "weight", Double: []float64{1, 2}}}},
	} {
		_, err := items.Check()
		fails(t, err, ErrInvalid, say)
	}
	_, err := (&Items{Item: []uint64{1, 2}, Vector: []float32{nan, 1, 1, nan}, Dimensions: 2}).Check()
	equal(t, "Where", fails(t, err, ErrBadRow).Where, 1)
	report := must((&Items{}).Check())
	equal(t, "rows", report.Rows, 0)
	equal(t, "length", (&Items{Item: one}).Len(), 1)
}
