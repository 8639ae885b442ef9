/* Let a test count and undo steps in a headless GIMP 2.10, which offers no procedure for it.
 *
 * Preloaded into gimp-console, it listens for the attachment of three parasites to any image and does in
 * the core what Edit > Undo does in the window:
 *
 *   undo-probe-read   report only
 *   undo-probe-undo   undo one step, then report
 *   undo-probe-redo   redo one step, then report
 *
 * The report is a parasite "undo-probe-answer" on the same image: "<undo depth> <redo depth>". None of the
 * parasites is undoable, so asking leaves no step of its own. In a process that is not GIMP's core (the
 * plug-ins inherit the preload) nothing happens.
 *
 * gcc -O1 -shared -fPIC undo_probe.c -o undo_probe.so $(pkg-config --cflags gobject-2.0) -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <glib-object.h>

typedef struct _Image Image;

static void *
core (const char *name)
{
  return dlsym (RTLD_DEFAULT, name);
}

static void
answer (Image *image)
{
  void    *(*undo_stack) (Image *)                               = core ("gimp_image_get_undo_stack");
  void    *(*redo_stack) (Image *)                               = core ("gimp_image_get_redo_stack");
  gint     (*depth) (void *)                                     = core ("gimp_undo_stack_get_depth");
  void    *(*parasite_new) (const char *, guint, guint, const void *) = core ("gimp_parasite_new");
  void     (*parasite_free) (void *)                             = core ("gimp_parasite_free");
  void     (*attach) (Image *, const void *, gboolean)           = core ("gimp_image_parasite_attach");
  gchar    *text     = g_strdup_printf ("%d %d", depth (undo_stack (image)), depth (redo_stack (image)));
  void     *parasite = parasite_new ("undo-probe-answer", 0, strlen (text) + 1, text);

  attach (image, parasite, FALSE);
  parasite_free (parasite);
  g_free (text);
}

static gboolean
attached (GSignalInvocationHint *hint, guint count, const GValue *values, gpointer data)
{
  Image       *image = g_value_get_object (&values[0]);
  const gchar *name  = g_value_get_string (&values[1]);
  gboolean   (*step) (Image *) = NULL;

  if (! name || ! g_str_has_prefix (name, "undo-probe-") || ! strcmp (name, "undo-probe-answer"))
    return TRUE;
  if (! strcmp (name, "undo-probe-undo"))
    step = core ("gimp_image_undo");
  else if (! strcmp (name, "undo-probe-redo"))
    step = core ("gimp_image_redo");
  if (step)
    step (image);
  answer (image);
  return TRUE;
}

/* GIMP's core enters its main loop once everything is initialised; this is the hook's moment */
void
g_main_loop_run (GMainLoop *loop)
{
  static gboolean hooked;
  void  (*real) (GMainLoop *) = dlsym (RTLD_NEXT, "g_main_loop_run");
  GType (*image_type) (void)  = core ("gimp_image_get_type");

  if (image_type && core ("gimp_image_get_undo_stack") && ! hooked)
    {
      hooked = TRUE;
      g_type_class_ref (image_type ());
      g_signal_add_emission_hook (g_signal_lookup ("parasite-attached", image_type ()), 0, attached, NULL, NULL);
    }
  real (loop);
}
