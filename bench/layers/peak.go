package main

import (
	"sync"
	"time"
)

// peaks holds the machine's highest measured rates.
type peaks struct {
	fma    float64 // multiplications and additions per nanosecond
	copied float64 // bytes read and written per nanosecond
}

func (p *peaks) measure() {
	const steps = 1 << 22
	for range 3 {
		p.fma = max(p.fma, rate(func(int) float64 { return 2 * float64(fusedMultiplications(steps)) }))
		p.copied = max(p.copied, rate(func(i int) float64 { return 2 * 4 * float64(copy(memory[i][0], memory[i][1])) }))
	}
}

// memory holds the buffers that each thread copies: 64 MiB each.
var memory = func() (m [threads][2][]float32) {
	for i := range m {
		m[i] = [2][]float32{make([]float32, 1<<23), make([]float32, 1<<23)}
		for j := range m[i][1] {
			m[i][1][j] = 1
		}
	}
	return m
}()

// rate runs work on all threads and returns the amount of work per nanosecond. work returns the amount that it did.
func rate(work func(thread int) float64) float64 {
	var all [threads]float64
	var wg sync.WaitGroup
	start := time.Now()
	for i := range threads {
		wg.Go(func() { all[i] = work(i) })
	}
	wg.Wait()
	took := float64(time.Since(start).Nanoseconds())
	total := 0.0
	for _, n := range all {
		total += n
	}
	return total / took
}
