// The texts that are seen and whose contrast with their ground is below 4.5 (WCAG 2.2, 1.4.3). What is disabled is exempt.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = (colour) => {
  const [r, g, b] = colour.map((part) => (part <= 10.31 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const above = (element) => (element ? [element, ...above(element.parentElement)] : []);
const ground = (element) => above(element).map((one) => rgb(getComputedStyle(one).backgroundColor)).find(([, , , alpha]) => alpha === 255);
const contrast = (element) => {
  const opacity = above(element).reduce((product, one) => product * getComputedStyle(one).opacity, 1);
  const behind = ground(element).slice(0, 3);
  const text = rgb(getComputedStyle(element).color).slice(0, 3);
  const seen = text.map((part, index) => part * opacity + behind[index] * (1 - opacity));
  const [dark, bright] = [light(seen), light(behind)].sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
};
const texts = [...document.querySelectorAll("body *")].filter(
  (one) => one.checkVisibility() && !one.matches(":disabled, [aria-disabled=true]") &&
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()),
);
return [texts.length, texts.filter((one) => contrast(one) < 4.5).map((one) => `${one.innerText}: ${contrast(one).toFixed(2)}`)];
