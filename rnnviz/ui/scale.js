// How much larger than on a desk pictures are drawn, as the page's look says.
const scaleOf = (root) => Number(getComputedStyle(root).getPropertyValue("--rv-scale")) || 1;
