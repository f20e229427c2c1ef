// The gallery of a sweep's trials, as the page calls it: on mount, on new data, on another theme.

import { isOpen, mounting } from "./mounting.js";
import { Gallery } from "./trials/gallery.js";

const onPage = mounting(Gallery, (gallery) => {
  if (isOpen()) window.__trials = gallery;
});

export default function mount(component) {
  return onPage(component);
}
