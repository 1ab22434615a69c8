using Kbus.Hosts;

namespace Kbus.Links;

/// <summary>Who hears of the outcomes of consecutive commands; nobody if their callers wait for them.</summary>
/// <param name="Done">Who hears of them.</param>
/// <param name="Count">How many commands they are.</param>
/// <param name="IsRequest">Whether it is one Request that somebody will answer.</param>
/// <param name="Tag">The tag under which this library awaits the answer; 0 if it does not.</param>
internal readonly record struct Posted(IPostedSend? Done, int Count, bool IsRequest, uint Tag);
