namespace Kbus.Core;

/// <summary>An unbind event, or the marker that some were lost, that waits for room in a listener's queue. Spec section 6.6; D2,
/// D9.</summary>
/// <param name="Message">The event; one reference is owned.</param>
/// <param name="Binding">The binding it is due to.</param>
/// <param name="IsLostMarker">True for <c>$.KBUS.UnbindEventsLost</c>.</param>
internal readonly record struct SetAsideEvent(StoredMessage Message, Binding Binding, bool IsLostMarker);
