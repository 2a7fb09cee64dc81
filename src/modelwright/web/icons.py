"""The icons: drawn for this project on a 16 x 16 grid, strokes only, in the colour of the text."""

ICONS: dict[str, str] = {
    # a pair of compasses over its arc: the mark of the house
    "mark": '<circle cx="8" cy="3" r="1.5"/><path d="M7.4 4.4 3.5 14M8.6 4.4 12.5 14"/>'
    '<path d="M2 9.5c3.6 2.4 8.4 2.4 12 0"/>',
    "runs": '<path d="M2.5 4h7M2.5 8h11M2.5 12h5"/><path d="m10.5 10.5 3 1.75-3 1.75z"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "predictions": '<path d="M2.5 3h5v10h-5zM2.5 6.3h5M2.5 9.6h5M9.5 8h4.7"/>'
    '<path d="M12 5.6 14.4 8 12 10.4"/>',
    "compare": '<path d="M5.5 2.5v11M10.5 2.5v11"/>'
    '<path d="M2.5 5.5h3M2.5 10h3M10.5 4h3M10.5 8.5h3"/>',
    "audit": '<path d="M3.5 2.5h6l3 3v8h-9z"/><path d="M9.5 2.5v3h3M5.5 8.5h5M5.5 11h3"/>',
    "design": '<path d="M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5z"/>'
    '<circle cx="11.25" cy="11.25" r="2.25"/>',
    "docs": '<path d="M8 4c-1.5-1.2-3.4-1.5-5.5-1.5v10c2.1 0 4 .3 5.5 1.5 1.5-1.2 3.4-1.5'
    " 5.5-1.5v-10"
    'C11.4 2.5 9.5 2.8 8 4zM8 4v10"/>',
    "admin": '<path d="M2.5 5h7M12.5 5h1M2.5 11h1M6.5 11h7"/><circle cx="11" cy="5" r="1.5"/>'
    '<circle cx="5" cy="11" r="1.5"/>',
    "user": '<circle cx="8" cy="5.5" r="2.5"/><path d="M3 13.5c.6-2.6 2.5-4 5-4s4.4 1.4 5 4"/>',
    "leave": '<path d="M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "search": '<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.25 3.25"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "down": '<path d="m3.5 6 4.5 4.5L12.5 6"/>',
    "left": '<path d="M10 3.5 5.5 8l4.5 4.5"/>',
    "right": '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
    "sort-up": '<path d="M8 13V3.5M4.5 7 8 3.5 11.5 7"/>',
    "sort-down": '<path d="M8 3v9.5M4.5 9 8 12.5 11.5 9"/>',
    "filter": '<path d="M2 3.5h12M4.5 8h7M6.5 12.5h3"/>',
    "columns": '<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"/>',
    "download": '<path d="M8 2.5v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>',
    "again": '<path d="M13 8a5 5 0 1 1-1.6-3.7M13.5 2v3h-3"/>',
    "copy": '<path d="M5.5 5.5h8v8h-8z"/><path d="M10.5 5.5v-3h-8v8h3"/>',
    "key": '<circle cx="5" cy="11" r="2.5"/><path d="m6.8 9.2 6.2-6.2M10.5 5.5l2 2"/>',
    "keyboard": '<path d="M1.5 4h13v8h-13zM4 6.5h.5M7 6.5h.5M10 6.5h.5M4.5 9.5h7"/>',
    "sun": '<circle cx="8" cy="8" r="2.75"/><path d="M8 1.5v1.5M8 13v1.5M1.5 8H3M13'
    " 8h1.5M3.4 3.4l1 1"
    'M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"/>',
    "moon": '<path d="M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z"/>',
    "system": '<path d="M2 3h12v8H2zM6 13.5h4M8 11v2.5"/>',
    "info": '<circle cx="8" cy="8" r="5.75"/><path d="M8 7.25v4M8 4.75v.25"/>',
    "server": '<path d="M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11z"/><path d="M5 4.75h.5M5 11.25h.5"/>',
    "warning": '<path d="M8 2.5 14.25 13.5H1.75z"/><path d="M8 6.5v3.25M8 11.5v.25"/>',
    "file": '<path d="M3.5 2.5h6l3 3v8h-9zM9.5 2.5v3h3"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "home": '<path d="M2.5 7.5 8 2.5l5.5 5v6h-4v-4h-3v4h-4z"/>',
    "pulse": '<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>',
    "registry": '<path d="M2.5 3h11v3h-11zM2.5 10h11v3h-11zM5 6v4M11 6v4"/>',
    "machine": '<path d="M2.5 5h8v7h-8zM10.5 7h3v3h-3M4.5 5V3h4v2M1.5 13.5h10M5 7v3M8 7v3"/>',
    "edit": '<path d="M3 13l.6-3L11 2.5l2.5 2.5L6 12.4zM9.3 4.2l2.5 2.5"/>',
    "upload": '<path d="M8 10.5v-8M4.5 6 8 2.5 11.5 6M2.5 13.5h11"/>',
    "paused": '<circle cx="8" cy="8" r="5.75"/><path d="M6.5 6v4M9.5 6v4"/>',
    # status: each a shape of its own, told apart without colour
    "pending": '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2.12"/>',
    "running": '<circle cx="8" cy="8" r="5.5" opacity=".3"/><path d="M8 2.5A5.5 5.5 0 0 1 13.5 8"'
    ' stroke-width="2"/>',
    "completed": '<circle cx="8" cy="8" r="5.75"/><path d="m5.25 8.25 2 2 3.5-4.25"/>',
    "failed": '<path d="M5.25 2h5.5L14 5.25v5.5L10.75 14h-5.5L2 10.75v-5.5z"/><path d="m6 6'
    ' 4 4M10 6l-4 4"/>',
    "cancelled": '<circle cx="8" cy="8" r="5.75"/><path d="M4.25 11.75l7.5-7.5"/>',
    # empty states
    "bench": '<path d="M1.5 6h13M3 6v7.5M13 6v7.5M3 10h10"/><path d="m6 6 1.5-3.5h1L10 6"/>',
    "unplugged": '<path d="M1.5 14.5 4 12M5 8l3 3-1.5 1.5a2.1 2.1 0 0 1-3-3zM8 5l3 3'
    " 1.5-1.5a2.1 2.1 0 0 0-3-3z"
    'M12 4l2.5-2.5M6.5 9.5l1-1M7.5 10.5l1-1"/>',
}
