package app

import "github.com/prometheus/client_golang/prometheus"

// emit adds one value to a scrape.
type emit func(d *prometheus.Desc, v float64, labels ...string)

// scraped makes a collector of a function that is asked at each scrape.
type scraped struct {
	read func(gauge, counter emit)
}

// Describe says nothing beforehand: prometheus calls that an unchecked
// collector.
func (scraped) Describe(chan<- *prometheus.Desc) {}

// Collect asks the function.
func (s scraped) Collect(to chan<- prometheus.Metric) {
	of := func(kind prometheus.ValueType) emit {
		return func(d *prometheus.Desc, v float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(d, kind, v, labels...)
		}
	}
	s.read(of(prometheus.GaugeValue), of(prometheus.CounterValue))
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}
