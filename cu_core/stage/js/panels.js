// What stands under the picture and goes with its clock: the files of panels/, one part each, found
// because they are there.
//
// A panel is made once a Stage, ``new Panel(stage, box)``, with an empty section of its own to fill,
// which is hidden until the panel shows it (``box.hidden = false``), and has, all optional:
//   load(run, fresh)   with every blob; ``fresh``: another run than before
//   dress(look)        colours of the theme have changed: ``look.palette``, ``look.theme``
//   draw(t)            with every picture, at time t (frames, may be fractional)
//   drop()             the Stage goes
// and as static fields ``kind``, the name of its file, which is its section's class too, and ``rank``,
// its place among the others. What it wants of the page it asks for by ``stage.ask(what, payload)``;
// what the page answers comes with the next blob's header.

const made = [];

/** Called once by each file of panels/. */
export function register(Panel) {
  made.push(Panel);
}

/** A new panel of each kind in ``host``, in their order. */
export function createPanels(stage, host) {
  const by = (a, b) => a.rank - b.rank || (a.kind < b.kind ? -1 : 1);
  return [...made].sort(by).map((Panel) => {
    const box = document.createElement("section");
    box.className = `part ${Panel.kind}`;
    box.hidden = true;
    host.append(box);
    return new Panel(stage, box);
  });
}
