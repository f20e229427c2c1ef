// A component as its page calls it: on mount, on new data, on a change of theme.

const UNMOUNT_GRACE = 100; // milliseconds: a call that was overtaken is no unmount

/** ``Made``: a class whose instances stand in one element of the page, with ``update(component)``,
 *  ``fail(error)``, ``rest()``, ``destroy()`` and ``gone``; ``expose(one)`` is called for each. */
export function mounting(Made, expose) {
  const known = new WeakMap(); // parentElement -> {made, calls}
  return (component) => {
    const parent = component.parentElement;
    let held = known.get(parent);
    if (!held) {
      held = { made: new Made(parent), calls: 0 };
      known.set(parent, held);
      expose(held.made);
    }
    held.calls++;
    const call = held.calls;
    try {
      held.made.update(component);
    } catch (error) {
      held.made.fail(error);
    }
    const remove = () => {
      if (held.calls !== call || held.made.gone) return;
      if (parent.isConnected) return void held.made.rest();
      known.delete(parent);
      held.made.destroy();
    };
    return () => (parent.isConnected ? setTimeout(remove, UNMOUNT_GRACE) : remove());
  };
}

/** Whether a test, or a curious person, may read what is mounted: the page's URL has debug=1. */
export function isOpen() {
  return new URLSearchParams(location.search).get("debug") === "1";
}
