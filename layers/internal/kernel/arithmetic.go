package kernel

// Add returns the sum of a and b.
func Add[T float32 | int64](a, b T) T { return a + b }

// Maximum returns the larger of a and b, or NaN if either is NaN.
func Maximum[T float32 | int64](a, b T) T { return max(a, b) }

// Minimum returns the smaller of a and b, or NaN if either is NaN.
func Minimum[T float32 | int64](a, b T) T { return min(a, b) }
