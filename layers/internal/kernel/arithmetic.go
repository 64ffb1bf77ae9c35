package kernel

// Add returns the sum of a and b.
func Add[T float32 | int64](a, b T) T { return a + b }

// Maximum is max, but NaN where either is.
func Maximum[T float32 | int64](a, b T) T { return max(a, b) }

// Minimum is min, but NaN where either is.
func Minimum[T float32 | int64](a, b T) T { return min(a, b) }
