namespace Kbus.Simulation;

/// <summary>A number that a member chose, such as the limit of its queue, and when.</summary>
/// <param name="value">The number.</param>
/// <param name="begun">When it told the bus.</param>
/// <param name="ended">When the bus had answered.</param>
internal sealed class Choice(uint value, long begun, long ended)
{
    /// <summary>The number.</summary>
    public uint Value => value;

    /// <summary>When it told the bus.</summary>
    public long Begun => begun;

    /// <summary>When the bus had answered.</summary>
    public long Ended { get; set; } = ended;

    /// <summary>True if the member left before it heard the answer. Then nobody knows whether the bus did as it was told.</summary>
    public bool IsUnsure { get; init; }

    /// <summary>The least and the greatest that may have been in force at some moment of that time.</summary>
    public static (uint Least, uint Most) InForce(List<Choice> choices, long from, long until)
    {
        uint least = uint.MaxValue;
        uint most = 0;
        for (int i = 0; i < choices.Count; i++)
        {
            int next = choices.FindIndex(i + 1, c => !c.IsUnsure);
            bool isReplacedBefore = next >= 0 && choices[next].Ended < from;
            if (choices[i].Begun <= until && !isReplacedBefore)
            {
                least = Math.Min(least, choices[i].Value);
                most = Math.Max(most, choices[i].Value);
            }
        }

        return (least, most);
    }
}
